import {
  checkFinite,
  checkItemsKey,
  type Embeddings,
  type Interests,
  InvalidInputError,
  makeRecommendations,
  parseOptions,
  readInterests,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { buildCore } from './build.ts'
import { checkEmbeddings, checkIds, checkSameDim } from './check-embeddings.ts'
import { compacted } from './compact.ts'
import { type Core, codesOf, codewordOf } from './core.ts'
import type { Engine } from './engine.ts'
import { type ExplainedQuery, explainResults } from './explain.ts'
import { openCore, saveCore } from './folder.ts'
import { exclusions, type Found, flatten } from './found.ts'
import type { Merge } from './merge.ts'
import { accepting, type BuildOptions, isTable, type OpenOptions, type SearchOptions, searchSchema } from './options.ts'
import { readers } from './readers.ts'
import { searchState, type UserResult } from './search.ts'
import type { State } from './state.ts'
import { type IndexStats, statsOf } from './stats.ts'
import { withRemoved, withUpserted } from './writer.ts'

/**
 * An inverted file whose lists are codes: one shard per level-1 code. Any number of searches run while one write after
 * the other is made; a search sees the state of the index at its start.
 */
export interface CodeShardedIndex {
  /**
   * Finds the best items of each query's interests. Rows line up with those of `interests`; lists are `k` long where the
   * catalogue allows. Metadata `sparc.search` holds what the search did, see `searchStats`.
   *
   * @returns a recommendations table
   * @throws InvalidInputError for wrong options, dimensions, catalogues, values that are not finite
   */
  search(interests: Table | Interests, options?: SearchOptions): Promise<Table>
  /** The same in plain arrays. */
  find(interests: Table | Interests, options?: SearchOptions): Promise<Found>
  /** The same with the reasons: which interests, codes and shards brought each item. */
  explain(interests: Table | Interests, options?: SearchOptions): Promise<ExplainedQuery[]>
  /** Puts items in, or replaces them; an item whose code changed moves. All of it is seen at once, or nothing. */
  upsert(embeddings: Table | Embeddings): Promise<void>
  /** Takes items out, by row number or id; returns how many were there. */
  remove(items: Iterable<number | string>): Promise<number>
  /** Rewrites all shards without the rows that were removed or moved, groups of neighbours in order. Happens by itself, shard by shard (`compactAt`). */
  compact(): Promise<void>
  /** Puts the content of another index, for example of a new model, in place of this one; that handle ends. */
  swap(other: CodeShardedIndex): Promise<void>
  /** Saves a folder: a kill at any moment leaves what was there before, or this. */
  save(directory: string): Promise<void>
  stats(): IndexStats
  /** Frees the memory. Every later call throws. */
  close(): Promise<void>
}

/** What `swap` takes out of another handle, in the turn of a write there. */
interface Turn {
  /** Takes the content when the writes before it are done; that handle is closed then. */
  take(): Promise<Core>
  /** Lets the writes after it begin. */
  end(): void
}
const turns = new WeakMap<CodeShardedIndex, () => Turn>()

function closed(): InvalidInputError {
  return new InvalidInputError('CLOSED', {
    what: 'The index is closed',
    given: 'a call after close, or after its content was swapped into another',
    allowed: 'an open index',
    next: 'Build it, or open it from its folder.',
  })
}

function checkWritable(engine: Engine): void {
  if (!engine.readOnly) return
  throw new InvalidInputError('READ_ONLY', {
    what: 'An index with this storage is read-only',
    given: `a write to ${engine.storage}`,
    allowed: 'searches',
    next: 'Build a new index and swap it in, or use storage Flat or SQ8.',
  })
}

/** Whether a search looks into whole shards where nothing is said: parts of them would cost more, or leave a graph unused. */
function wholeShards(engine: Engine, merge: Merge): boolean {
  return merge === 'budget' || engine.remote !== undefined || engine.storage === 'HNSW'
}

interface Searched {
  core: Core
  state: State
  interests: Interests
  results: UserResult[]
  k: number
}

function handle(first: Core): CodeShardedIndex {
  const guard = readers()
  let content: Core | undefined = first
  let writing: Promise<unknown> = Promise.resolve()
  const core = (): Core => {
    if (content) return content
    throw closed()
  }

  /** One write at a time, in the order in which they were asked for. */
  function write<T>(run: (core: Core) => Promise<T>): Promise<T> {
    const result = writing.then(() => run(core()))
    writing = result.catch(() => {})
    return result
  }

  async function run(source: Table | Interests, given: SearchOptions = {}): Promise<Searched> {
    const options = parseOptions(searchSchema, given, 'options of search')
    const interests = isTable(source) ? readInterests(source) : source
    const now = core()
    const { engine, state, ids, seed } = now
    checkItemsKey(now.itemsKey, interests.itemsKey, 'the interests table')
    checkFinite(interests.vectors.data, interests.vectors.dim, 'the vectors of the interests')
    if (interests.vectors.rows > 0) checkSameDim(interests.vectors.dim, state.dim, 'The interests table')
    const merge = options.merge ?? interests.merge ?? (interests.probabilities ? 'mixture' : 'max')
    const request = {
      // Without their probabilities, the largest is that of the nearest.
      interests: merge === 'nearest' ? { ...interests, probabilities: undefined } : interests,
      k: Math.min(options.k, state.size),
      probes: options.scope === 'all' ? Number.POSITIVE_INFINITY : options.probes,
      merge,
      routing: options.routing ?? (wholeShards(engine, merge) ? 'interest' : 'user'),
      budget: options.budget,
      skip: exclusions(options.exclude, interests.users.length),
      accept: accepting(options.filter, ids.limit()),
      seed,
    } as const
    const results = await guard.read(state.epoch, () => searchState(engine, state, request))
    return { core: now, state, interests, results, k: options.k }
  }

  async function find(source: Table | Interests, options?: SearchOptions): Promise<Found> {
    const { state, interests, results, k } = await run(source, options)
    return flatten(state, interests, k, results)
  }

  async function compact(now: Core, share: number, few?: number): Promise<void> {
    const { epoch } = now.state
    const { state, old } = await compacted(now.state, now.engine, now.ids, share, few)
    now.state = state
    for (const store of old) await guard.retire(epoch, () => store.release())
  }

  const index: CodeShardedIndex = {
    find,
    async search(source, options) {
      const interests = isTable(source) ? readInterests(source) : source
      const { offsets, items, scores, codes, stats } = await find(interests, options)
      const { users, itemsKey = content?.itemsKey } = interests
      const table = makeRecommendations({ users, items: { offsets, values: items }, scores, codes, itemsKey })
      table.schema.metadata.set('sparc.search', JSON.stringify(stats))
      return table
    },
    async explain(source, options) {
      const { core: now, state, interests, results } = await run(source, options)
      return explainResults(state, now.ids, interests, results)
    },
    upsert: (source) =>
      write(async (now) => {
        checkWritable(now.engine)
        const embeddings = checkEmbeddings(source)
        const { state, engine, ids, codewords } = now
        if (embeddings.items.length === 0) return
        checkSameDim(embeddings.vectors.dim, state.dim, 'The embeddings table')
        checkIds(embeddings, ids)
        const codeword = codewords && codewordOf(codewords)
        now.state = await withUpserted(state, engine, ids, embeddings, codesOf(now, embeddings), codeword)
        await compact(now, now.compactAt)
      }),
    remove: (items) =>
      write(async (now) => {
        checkWritable(now.engine)
        const numbers: number[] = []
        for (const item of items) numbers.push(typeof item === 'string' ? now.ids.item(item) : item)
        const { state, removed } = withRemoved(now.state, now.ids, numbers)
        now.state = state
        await compact(now, now.compactAt)
        return removed
      }),
    compact: () => write((now) => compact(now, 0, 0)),
    swap(other) {
      if (other === index) return write(async () => {})
      // Both turns are taken at once, so that of two swaps that cross the later one waits for the other.
      const turn = turns.get(other)?.()
      const swapped = write(async (now) => {
        const next = await turn?.take()
        if (!next) throw closed()
        const { epoch } = now.state
        next.state = { ...next.state, epoch: epoch + 1 }
        content = next
        await guard.retire(epoch, () => now.engine.close())
      })
      return swapped.finally(turn?.end)
    },
    save: (directory) =>
      write(async (now) => {
        if (now.engine.remote) await compact(now, 0, 0)
        await saveCore(now, directory)
      }),
    stats: () => statsOf(core()),
    close: () =>
      write(async (now) => {
        content = undefined
        await guard.retire(now.state.epoch, () => now.engine.close())
      }),
  }
  turns.set(index, () => {
    const before = writing
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    // A turn that ends before it was taken still keeps the order of the writes around it.
    writing = before.then(() => ended)
    const take = async () => {
      await before
      const taken = core()
      content = undefined
      return taken
    }
    return { take, end }
  })
  return index
}

/** Makes and opens indexes. */
export const CodeShardedIndex = {
  /**
   * Builds an index from embeddings; where they have no codes, it trains its own.
   *
   * @throws InvalidInputError for wrong options, values that are not finite, repeated items or ids
   * @throws MissingPeerError where the engine needs a package that is not installed
   *
   * @example
   * const index = await CodeShardedIndex.build(embeddings)
   * const found = await index.search(interests, { k: 50, probes: 2, exclude: queries })
   */
  build: async (embeddings: Table | Embeddings, options?: BuildOptions): Promise<CodeShardedIndex> =>
    handle(await buildCore(embeddings, options)),
  /**
   * Opens a saved index. Shards are read when they are first looked into.
   *
   * @throws InvalidFileError where the folder is truncated, foreign, damaged or of a newer version
   */
  open: async (directory: string, options?: OpenOptions): Promise<CodeShardedIndex> =>
    handle(await openCore(directory, options)),
}
