import { CodeShardedIndex, searchStats } from '@sparc/index'
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
}

/** What the per-code index found, and what it costs. */
export interface Shards {
  engine: 'faiss' | 'exact'
  merged: Merged[]
  /** The whole catalogue by the exact engine, then the shards at each number of probes. */
  curve: IndexPoint[]
}

/** The faiss engine where it can be had, else the exact one, said in one line. */
async function openIndex(context: Context, embeddings: Table, codebook: Table | undefined) {
  const asked = context.experiment.index.engine
  try {
    const engine = asked === 'auto' ? 'faiss' : asked
    return { engine, index: await CodeShardedIndex.build(embeddings, { engine, codebook }) } as const
  } catch (error) {
    if (asked !== 'auto' || !MissingPeerError.isInstance(error)) throw error
    sayOnce(context, `FAISS can't be had: the exact engine serves the shards. ${error.parts.next ?? ''}`)
    return { engine: 'exact', index: await CodeShardedIndex.build(embeddings, { engine: 'exact', codebook }) } as const
  }
}

/** Puts embeddings with codes into one shard per level-1 code, and searches them with every test user's interests. */
export async function searchShards(
  context: Context,
  tables: { embeddings: Table; interests: Table; codebook?: Table },
  k: number,
): Promise<Shards> {
  const { queries, experiment, signal } = context
  const { embeddings, interests, codebook } = tables
  const timed = async (work: () => Promise<Table>) => {
    signal.throwIfAborted()
    const start = performance.now()
    const found = await work()
    return { found, seconds: (performance.now() - start) / 1000 }
  }
  const micro = (seconds: number) => (seconds * 1e6) / Math.max(1, queries.numRows)
  const whole = await CodeShardedIndex.build(embeddings, { engine: 'exact', codebook })
  const modes = experiment.index.merges.map((name) => ({ name, merge: name === 'own' ? undefined : name }))
  const [{ merge }] = modes
  const exact = await timed(() => whole.search(interests, { k, scope: 'all', merge, exclude: queries }))
  await whole.close()
  const { engine, index } = await openIndex(context, embeddings, codebook)
  try {
    const merged: Merged[] = []
    for (const { name, merge } of modes) {
      const { found, seconds } = await timed(() => index.search(interests, { k, probes: 1, merge, exclude: queries }))
      merged.push({
        merge: name,
        filtered: found,
        unfiltered: await index.search(interests, { k, probes: 1, merge }),
        seconds,
      })
    }
    const curve: IndexPoint[] = [
      { engine: 'exact, all', probes: 0, scanned: 1, recallOfExact: 1, microsecondsPerQuery: micro(exact.seconds) },
    ]
    const [{ filtered, seconds }] = merged
    for (const probes of [...new Set([1, ...experiment.index.probes])].sort((a, b) => a - b)) {
      const one = { found: filtered, seconds }
      const at = probes === 1 ? one : await timed(() => index.search(interests, { k, probes, merge, exclude: queries }))
      curve.push({
        engine,
        probes,
        scanned: searchStats(at.found).scanned,
        recallOfExact: overlap(at.found, exact.found, DEPTH),
        microsecondsPerQuery: micro(at.seconds),
      })
    }
    return { engine, merged, curve }
  } finally {
    await index.close()
  }
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
