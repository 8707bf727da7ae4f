import { CodeShardedIndex, type SearchOptions, searchStats } from '@sparc/index'
import { MissingPeerError, readRecommendations } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { IndexPoint } from '../run-folder/results.ts'
import { type Context, sayOnce } from './context.ts'

/** Depth at which what an index finds is held against the exact answer. */
const DEPTH = 50

/** What one way to merge came to with one probe: as many rows are looked at as a shard for each interest holds. */
export interface Merged {
  merge: Context['experiment']['index']['merges'][number]
  filtered: Table
  unfiltered: Table
  /** Seconds of the search of all queries, history filtered. */
  seconds: number
  /** Share of the catalogue that was scanned for a query, 0 to 1. */
  scanned: number
}

/** What the per-code index found, and what it costs. */
export interface Shards {
  engine: Engine
  merged: Merged[]
  /** The whole catalogue by the exact engine, then what each engine finds at each number of probes. */
  curve: IndexPoint[]
}

type Engine = 'faiss' | 'exact'

interface Tables {
  embeddings: Table
  interests: Table
  codebook?: Table
}

interface Answer {
  found: Table
  seconds: number
}

interface Search {
  probes: number
  merge?: Exclude<Merged['merge'], 'own'>
  filtered: boolean
}

/**
 * An index of one engine, asked with every test user's interests. Our own scan reads the groups of rows that a user's interests
 * choose together; FAISS searches an index whole or not at all: the shard of each interest's code, and its neighbours. So does a
 * merge by budget.
 */
async function openIndex(engine: Engine, { queries, signal }: Context, tables: Tables, k: number) {
  const { embeddings, interests, codebook } = tables
  const index = await CodeShardedIndex.build(embeddings, { engine, codebook })
  const inWholeShards = (merge: Search['merge']) => engine === 'faiss' || merge === 'budget'
  return {
    inWholeShards,
    close: () => index.close(),
    async search({ probes, merge, filtered }: Search): Promise<Answer> {
      signal.throwIfAborted()
      const everywhere = probes === Number.POSITIVE_INFINITY
      const routing = inWholeShards(merge) ? 'interest' : 'user'
      const asked: SearchOptions = everywhere ? { scope: 'all' } : { probes, routing }
      const start = performance.now()
      const found = await index.search(interests, { k, merge, ...asked, exclude: filtered ? queries : undefined })
      return { found, seconds: (performance.now() - start) / 1000 }
    },
  }
}
type Index = Awaited<ReturnType<typeof openIndex>>

/** The index of whole shards in FAISS; nothing, and a line that says so, where it can't be had and need not be. */
async function openFaiss(context: Context, tables: Tables, k: number): Promise<Index | undefined> {
  try {
    return await openIndex('faiss', context, tables, k)
  } catch (error) {
    if (context.experiment.index.engine === 'faiss' || !MissingPeerError.isInstance(error)) throw error
    sayOnce(
      context,
      `FAISS can't be had: whole shards are left out of what the index is asked. ${error.parts.next ?? ''}`,
    )
    return undefined
  }
}

/** Puts embeddings with codes into one shard per level-1 code, and searches them with every test user's interests. */
export async function searchShards(context: Context, tables: Tables, k: number): Promise<Shards> {
  const { engine } = context.experiment.index
  const exact = await openIndex('exact', context, tables, k)
  let faiss: Index | undefined
  try {
    faiss = engine === 'exact' ? undefined : await openFaiss(context, tables, k)
    return await askAll(context, exact, faiss)
  } finally {
    await exact.close()
    await faiss?.close()
  }
}

async function askAll({ queries, experiment }: Context, exact: Index, faiss: Index | undefined): Promise<Shards> {
  const { engine: asked, merges, probes } = experiment.index
  const served = asked === 'faiss' && faiss ? faiss : exact
  const mergeOf = (name: Merged['merge']) => (name === 'own' ? undefined : name)
  const merged: Merged[] = []
  for (const name of merges) {
    const way = { probes: 1, merge: mergeOf(name) }
    const { found, seconds } = await served.search({ ...way, filtered: true })
    const unfiltered = await served.search({ ...way, filtered: false })
    const { scanned } = searchStats(found)
    merged.push({ merge: name, filtered: found, unfiltered: unfiltered.found, seconds, scanned })
  }

  const merge = mergeOf(merges[0])
  const whole = await exact.search({ probes: Number.POSITIVE_INFINITY, merge, filtered: true })
  const point = (label: string, count: number, { found, seconds }: Answer): IndexPoint => ({
    engine: label,
    probes: count,
    scanned: count === 0 ? 1 : searchStats(found).scanned,
    recallOfExact: overlap(found, whole.found, DEPTH),
    microsecondsPerQuery: (seconds * 1e6) / Math.max(1, queries.numRows),
  })
  const curve = [point('exact, all', 0, whole)]
  const first = { found: merged[0].filtered, seconds: merged[0].seconds }
  for (const index of served === faiss ? [faiss] : [exact, faiss]) {
    if (!index) continue
    const inWholeShards = index.inWholeShards(merge)
    const label = `${inWholeShards ? 'whole shards' : 'groups of rows'}${index === faiss ? ', faiss' : ''}`
    // Parts of a shard would be the whole shard again.
    const counts = [1, ...probes].map((count) => (inWholeShards ? Math.ceil(count) : count))
    for (const count of [...new Set(counts)].sort((a, b) => a - b)) {
      const known = index === served && count === 1 ? first : undefined
      curve.push(point(label, count, known ?? (await index.search({ probes: count, merge, filtered: true }))))
    }
  }
  return { engine: served === faiss ? 'faiss' : 'exact', merged, curve }
}

/** Share of the first `depth` of `exact` that is among the first `depth` of `found`, mean over lists. */
export function overlap(found: Table, exact: Table, depth: number): number {
  const [a, b] = [readRecommendations(found).items, readRecommendations(exact).items]
  let sum = 0
  let lists = 0
  for (let r = 0; r + 1 < b.offsets.length; r++) {
    const wanted = b.values.subarray(b.offsets[r], Math.min(b.offsets[r + 1], b.offsets[r] + depth))
    if (wanted.length === 0) continue
    const had = new Set(a.values.subarray(a.offsets[r], Math.min(a.offsets[r + 1], a.offsets[r] + depth)))
    sum += wanted.reduce((hits, item) => hits + (had.has(item) ? 1 : 0), 0) / wanted.length
    lists++
  }
  return lists === 0 ? 1 : sum / lists
}
