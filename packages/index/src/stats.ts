import type { Core } from './core.ts'
import { living } from './state.ts'

/** What an index holds. */
export interface IndexStats {
  /** Rises with every write. */
  epoch: number
  engine: 'exact' | 'faiss' | 'milvus'
  storage: 'Flat' | 'SQ8' | 'HNSW'
  dim: number
  /** Live items. */
  items: number
  /** Rows that were removed or moved and are not compacted yet. */
  dead: number
  /** Live items of each code's shard, codes ascending; empty shards are left out. */
  shards: { code: number; items: number }[]
  /** Perplexity of the shard sizes, exp of their entropy: 1 to the number of shards. Low: a few shards hold most. */
  perplexity: number
  /** Memory in this process, in bytes. */
  bytes: { vectors: number; ids: number; total: number; perItem: number }
}

export function statsOf({ engine, state, ids }: Core): IndexStats {
  const shards = state.shards
    .map((shard) => ({ code: shard.code, items: living(shard) }))
    .filter(({ items }) => items > 0)
    .sort((a, b) => a.code - b.code)
  let entropy = 0
  for (const { items } of shards) entropy -= (items / state.size) * Math.log(items / state.size)
  let vectors = 0
  let rest = ids.bytes()
  for (const { store, items, dead } of state.shards) {
    vectors += store.bytes()
    rest += items.byteLength + (dead?.byteLength ?? 0)
  }
  for (const { centres, spreads, ends } of state.cells) {
    rest += centres.byteLength + spreads.byteLength + ends.byteLength
  }
  rest += state.centroids.byteLength + state.spreads.byteLength + state.routing.bytes()
  const total = vectors + rest
  return {
    epoch: state.epoch,
    engine: engine.name,
    storage: engine.storage,
    dim: state.dim,
    items: state.size,
    dead: state.shards.reduce((sum, shard) => sum + shard.deadCount, 0),
    shards,
    perplexity: shards.length > 0 ? Math.exp(entropy) : 0,
    bytes: { vectors, ids: rest, total, perItem: state.size > 0 ? total / state.size : 0 },
  }
}
