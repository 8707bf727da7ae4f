import {
  checkItemsKey,
  type Embeddings,
  type Interests,
  InvalidInputError,
  makeRecommendations,
  parseOptions,
  readCodebook,
  readInterests,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkEmbeddings, checkIds, checkSameDim } from './check-embeddings.ts'
import { compacted } from './compact.ts'
import type { Engine } from './engine.ts'
import { openEngine } from './engines.ts'
import { exclusions, type Found, flatten } from './found.ts'
import { idMap } from './id-map.ts'
import { accepting, type BuildOptions, buildSchema, isTable, type SearchOptions, searchSchema } from './options.ts'
import { readers } from './readers.ts'
import { searchState } from './search.ts'
import type { State } from './state.ts'
import { emptyState, withRemoved, withUpserted } from './writer.ts'

/** An inverted file whose lists are codes: one shard per level-1 code. */
export interface CodeShardedIndex {
  /**
   * Finds the best items of each query's interests. Rows line up with those of `interests`; lists are `k` long where the
   * catalogue allows. Metadata `sparc.search` holds what the search did, see `searchStats`.
   *
   * @returns a recommendations table
   */
  search(interests: Table | Interests, options?: SearchOptions): Promise<Table>
  /** The same in plain arrays. */
  find(interests: Table | Interests, options?: SearchOptions): Promise<Found>
  /** Puts items in, or replaces them; an item whose code changed moves. All of it is seen at once, or nothing. */
  upsert(embeddings: Table | Embeddings): Promise<void>
  /** Takes items out, by row number or id; returns how many were there. */
  remove(items: Iterable<number> | Iterable<string>): Promise<number>
  close(): Promise<void>
}

/** The level-1 code of each row. */
function levelOne({ codes, items }: Embeddings): Uint16Array {
  if (!codes) {
    throw new InvalidInputError('NO_CODES', {
      what: 'The embeddings have no codes',
      given: `${items.length} rows without a "codes" column`,
      allowed: 'an embeddings table with codes',
      next: 'Quantize the vectors first.',
    })
  }
  const { levels, data } = codes
  return Uint16Array.from(items, (_, r) => data[r * levels])
}

async function build(source: Table | Embeddings, given: BuildOptions = {}): Promise<CodeShardedIndex> {
  const options = parseOptions(buildSchema, given, 'options of CodeShardedIndex.build')
  const embeddings = checkEmbeddings(source)
  const { dim } = embeddings.vectors
  const engine = await openEngine(options.engine, options.storage, dim, embeddings.vectors.data)
  const ids = idMap()
  ids.reserve(embeddings.ids)
  const codewords = options.codebook && readCodebook(options.codebook).levels[0].vectors
  if (codewords) checkSameDim(codewords.dim, dim, 'The codebook')
  const codeword =
    codewords &&
    ((code: number) => codewords.data.subarray(code * dim, Math.min((code + 1) * dim, codewords.data.length)))
  const state = await withUpserted(emptyState(dim), engine, ids, embeddings, levelOne(embeddings), codeword)
  return handle({ engine, ids, state, codeword, options, itemsKey: embeddings.itemsKey })
}

/** What an index is made of. */
interface Core {
  engine: Engine
  ids: ReturnType<typeof idMap>
  state: State
  codeword?: (code: number) => Float32Array | undefined
  options: { seed: number; compactAt: number }
  itemsKey?: string
}

function handle(core: Core): CodeShardedIndex {
  const guard = readers()
  let writing: Promise<unknown> = Promise.resolve()

  /** One write at a time, in the order in which they were asked for. */
  function write<T>(run: () => Promise<T>): Promise<T> {
    const result = writing.then(run)
    writing = result.catch(() => {})
    return result
  }

  async function find(source: Table | Interests, given: SearchOptions = {}): Promise<Found> {
    const options = parseOptions(searchSchema, given, 'options of search')
    const interests = isTable(source) ? readInterests(source) : source
    const { engine, state, ids } = core
    if (state.size > 0 && interests.vectors.rows > 0)
      checkSameDim(interests.vectors.dim, state.dim, 'The interests table')
    const results = await guard.read(state.epoch, () =>
      searchState(engine, state, {
        interests,
        k: Math.min(options.k, state.size),
        probes: options.scope === 'all' ? Number.POSITIVE_INFINITY : options.probes,
        merge: options.merge ?? (interests.probabilities ? 'mixture' : 'max'),
        budget: options.budget,
        skip: exclusions(options.exclude, interests.users.length),
        accept: accepting(options.filter, ids.limit()),
        seed: core.options.seed,
      }),
    )
    return flatten(state, interests, options.k, results)
  }

  async function compact(): Promise<void> {
    const { epoch } = core.state
    const { state, old } = await compacted(core.state, core.engine, core.ids, core.options.compactAt)
    core.state = state
    for (const store of old) await guard.retire(epoch, () => store.release())
  }

  return {
    find,
    async search(source, options) {
      const interests = isTable(source) ? readInterests(source) : source
      checkItemsKey(core.itemsKey, interests.itemsKey, 'the interests table')
      const { offsets, items, scores, codes, stats } = await find(interests, options)
      const { users, itemsKey = core.itemsKey } = interests
      const table = makeRecommendations({ users, items: { offsets, values: items }, scores, codes, itemsKey })
      table.schema.metadata.set('sparc.search', JSON.stringify(stats))
      return table
    },
    upsert: (source) =>
      write(async () => {
        const embeddings = checkEmbeddings(source)
        if (embeddings.items.length === 0) return
        checkSameDim(embeddings.vectors.dim, core.state.dim, 'The embeddings table')
        checkIds(embeddings, core.ids)
        const codes = levelOne(embeddings)
        core.state = await withUpserted(core.state, core.engine, core.ids, embeddings, codes, core.codeword)
        await compact()
      }),
    remove: (items) =>
      write(async () => {
        const numbers: number[] = []
        for (const item of items) numbers.push(typeof item === 'string' ? core.ids.item(item) : item)
        const { state, removed } = withRemoved(core.state, core.ids, numbers)
        core.state = state
        await compact()
        return removed
      }),
    close: () => write(async () => core.engine.close()),
  }
}

/** Makes and opens indexes. */
export const CodeShardedIndex = {
  /**
   * Builds an index from embeddings with codes.
   *
   * @example
   * const index = await CodeShardedIndex.build(embeddings)
   * const found = await index.search(interests, { k: 50, probes: 2, exclude: queries })
   */
  build,
}
