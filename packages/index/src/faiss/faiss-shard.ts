import type { Collector } from '../collector.ts'
import type { Batch, EngineShard, ShardRows, Storage } from '../engine.ts'
import { type Faiss, type FaissIndex, INNER_PRODUCT } from './load.ts'

/** Rows handed over at once: faiss-node takes arrays of numbers only. */
const ADD_ROWS = 4096
/** Queries searched at once. */
const QUERIES = 256
/** Rows that FAISS learns ranges from. */
const TRAINING_ROWS = 65536
/** More than this many results of a shard are not worth fetching through arrays of numbers. */
const MOST_RESULTS = 2048
/** Results beyond `k`, so that ties around the last place are seen. */
const SPARE = 8

/** What faiss calls our storages. */
const DESCRIPTIONS: Record<Storage, string> = { Flat: 'Flat', SQ8: 'SQ8', HNSW: 'HNSW32' }

/**
 * A shard in FAISS. faiss-node gives vectors back in no way, and can't filter, so the rows are kept by the exact engine
 * too: it scores candidates, and scans where a filter, a part of the rows or a very long list makes FAISS the wrong tool.
 */
export function faissShard(
  faiss: Faiss,
  dim: number,
  storage: Storage,
  rows: EngineShard,
  graph?: FaissIndex,
): EngineShard & { graph: () => FaissIndex | undefined } {
  let index = graph

  /** Results to ask for, so that what is excluded, dead or not yet visible cannot push out what is wanted. */
  function wanted(seen: ShardRows, collector: Collector): number {
    const hidden = rows.length() - seen.length + (seen.dead ? countDead(seen.dead, seen.length) : 0)
    return collector.k + collector.excluded + hidden + SPARE
  }

  function searchGroup(seen: ShardRows, batch: Batch, members: readonly number[], want: number): void {
    if (!index) return
    const k = Math.min(want, index.ntotal())
    const vectors: number[] = []
    for (const member of members) {
      for (let at = member * dim; at < (member + 1) * dim; at++) vectors.push(batch.vectors[at])
    }
    const { distances, labels } = index.search(vectors, k)
    const unsure: number[] = []
    for (let m = 0; m < members.length; m++) {
      const collector = batch.collectors[members[m]]
      for (let at = m * k; at < (m + 1) * k; at++) {
        const row = labels[at]
        if (row < 0 || row >= seen.length || seen.dead?.[row] === 1) continue
        collector.offer(seen.ordinal, row, seen.items[row], distances[at])
      }
      collector.tighten()
      const last = distances[(m + 1) * k - 1]
      if (storage === 'Flat' && k < index.ntotal() && last >= collector.threshold) unsure.push(members[m])
    }
    if (unsure.length === 0) return
    // Rows that were found already would be offered twice: the exact scan starts over for this shard.
    for (const member of unsure) batch.collectors[member].forget(seen.ordinal)
    void rows.scan(seen, batch, unsure)
  }

  return {
    ...rows,
    graph: () => index,
    append(vectors, items) {
      if (items.length === 0) return
      index ??= faiss.Index.fromFactory(dim, DESCRIPTIONS[storage], INNER_PRODUCT)
      if (!index.isTrained()) index.train(sampleOf(vectors, dim))
      for (let from = 0; from < items.length; from += ADD_ROWS) {
        index.add(Array.from(vectors.subarray(from * dim, Math.min(items.length, from + ADD_ROWS) * dim)))
      }
      return rows.append(vectors, items)
    },
    scan(seen, batch, members) {
      if (!index || index.ntotal() === 0) return
      // FAISS looks at all rows or none, and but for `Flat` it may miss some.
      if (seen.from !== undefined || (batch.exact && storage !== 'Flat')) return rows.scan(seen, batch, members)
      const groups = new Map<number, number[]>()
      const exactly: number[] = []
      for (const member of members) {
        const collector = batch.collectors[member]
        const want = wanted(seen, collector)
        if (collector.filtered || want > MOST_RESULTS) exactly.push(member)
        else groups.set(want, [...(groups.get(want) ?? []), member])
      }
      for (const [want, group] of groups) {
        for (let from = 0; from < group.length; from += QUERIES) {
          searchGroup(seen, batch, group.slice(from, from + QUERIES), want)
        }
      }
      if (exactly.length > 0) return rows.scan(seen, batch, exactly)
    },
    bytes: () => rows.bytes() + rows.length() * (storage === 'SQ8' ? dim : 4 * dim + (storage === 'HNSW' ? 256 : 0)),
    release() {
      index = undefined
      return rows.release()
    },
  }
}

function countDead(dead: Uint8Array, length: number): number {
  let count = 0
  for (let row = 0; row < Math.min(length, dead.length); row++) count += dead[row]
  return count
}

/** Rows from all over: neighbours lie together, so the first ones alone would say little. */
function sampleOf(vectors: Float32Array, dim: number): number[] {
  const rows = vectors.length / dim
  const step = Math.max(1, rows / TRAINING_ROWS)
  const sample: number[] = []
  for (let n = 0; Math.floor(n) < rows; n += step) {
    const at = Math.floor(n) * dim
    for (let d = at; d < at + dim; d++) sample.push(vectors[d])
  }
  return sample
}
