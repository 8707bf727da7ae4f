import { type Cases, type Csr, csr, row, topKHeap } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import { encodeItemRange, encodeUsers } from '../encode.ts'
import { type ExactQuery, exactTopK, mergeBy } from '../exact.ts'
import { itemScorer } from '../item-scorer.ts'
import type { Network } from '../network.ts'
import { breathe } from '../pause.ts'
import { type ListQuality, listQuality } from './list-quality.ts'

/** Users handled between two turns of the event loop. */
const BLOCK = 1024
/** Items whose vectors are in memory at once. */
const SLICE = 65_536

const BROKEN = { recall: 0, ndcg: 0, finite: false }

/** Rows `[start, end)` of a matrix; the values are shared. */
function rowsOf({ offsets, values }: Csr, start: number, end: number): Csr {
  const first = offsets[start]
  return {
    offsets: offsets.subarray(start, end + 1).map((offset) => offset - first),
    values: values.subarray(first, offsets[end]),
  }
}

/** At most so many of the cases, spread evenly over them. */
export function someCases(cases: Cases, most: number): Cases {
  const count = cases.users.length
  if (count <= most) return cases
  const kept = Array.from({ length: most }, (_, i) => Math.floor((i * count) / most))
  const pick = (rows: Csr) => csr(kept.map((r) => row(rows, r)))
  const [history, seen, targets] = [cases.history, cases.seen, cases.targets].map(pick)
  return { users: kept.map((r) => cases.users[r]), history, seen, targets, itemsKey: cases.itemsKey }
}

/** Ranked items of some users. */
interface Lists {
  items: Csr
  scores: Float32Array
}

/**
 * Recall@k and NDCG@k of the network as it is now on all validation cases, what they have seen removed. A large catalogue is looked at slice
 * by slice: its vectors are never in memory all at once.
 *
 * @returns undefined when the signal fires meanwhile; `finite` false where a vector or the score of a list is not
 */
export async function validate(
  network: Network,
  table: EmbeddingTable,
  cases: Cases,
  { history, k, signal, slice = SLICE }: { history: number; k: number; signal?: AbortSignal; slice?: number },
): Promise<(ListQuality & { finite: boolean }) | undefined> {
  const users = cases.users.length
  const blocks: { query: ExactQuery; best?: Lists }[] = []
  for (let start = 0; start < users; start += BLOCK) {
    const end = Math.min(users, start + BLOCK)
    const query = queryOf(network, table, cases, { start, end, history, k })
    if (!allFinite(query.vectors.data)) return BROKEN
    blocks.push({ query })
    await breathe()
    if (signal?.aborted) return undefined
  }
  const { rows, dim } = table
  for (let from = 0; from < rows; from += slice) {
    const count = Math.min(slice, rows - from)
    const data = encodeItemRange(network, table, from, from + count)
    if (!allFinite(data)) return BROKEN
    const scorer = await itemScorer({ data, rows: count, dim })
    try {
      for (const block of blocks) {
        const { seen } = block.query
        const shifted = from > 0 && seen ? { ...seen, values: seen.values.map((item) => item - from) } : seen
        const found = exactTopK({ ...block.query, seen: shifted }, scorer)
        block.best = block.best ? merged(block.best, found, from, k) : found
        await breathe()
        if (signal?.aborted) return undefined
      }
    } finally {
      scorer.dispose()
    }
  }
  if (!blocks.every(({ best }) => best === undefined || allFinite(best.scores))) return BROKEN
  const lists = joined(blocks.flatMap(({ best }) => best?.items ?? []))
  return { ...listQuality(lists, cases.targets, k), finite: true }
}

/** Their sum times 0 is 0 only where all are. */
function allFinite(numbers: Float32Array): boolean {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) sum += 0 * numbers[i]
  return sum === 0
}

/** What users `[start, end)` are looked for with. */
function queryOf(
  network: Network,
  table: EmbeddingTable,
  cases: Cases,
  { start, end, history, k }: { start: number; end: number; history: number; k: number },
): ExactQuery {
  const encoded = encodeUsers(network, table, rowsOf(cases.history, start, end), history)
  const { vectors, interests, probabilities } = encoded
  return {
    vectors,
    offsets: Int32Array.from({ length: end - start + 1 }, (_, r) => r * interests),
    scale: network.score.scale,
    ...mergeBy(network.merge, probabilities),
    k,
    seen: rowsOf(cases.seen, start, end),
  }
}

/** The `k` best of two lists per user; items of the second count from `first`. */
function merged(a: Lists, b: Lists, first: number, k: number): Lists {
  const heap = topKHeap(k)
  const kept = Array.from({ length: a.items.offsets.length - 1 }, (_, r) => {
    for (let n = a.items.offsets[r]; n < a.items.offsets[r + 1]; n++) heap.push(a.items.values[n], a.scores[n])
    for (let n = b.items.offsets[r]; n < b.items.offsets[r + 1]; n++) heap.push(b.items.values[n] + first, b.scores[n])
    return heap.drain()
  })
  const offsets = new Int32Array(kept.length + 1)
  for (const [r, { items }] of kept.entries()) offsets[r + 1] = offsets[r] + items.length
  const [values, scores] = [new Int32Array(offsets[kept.length]), new Float32Array(offsets[kept.length])]
  for (const [r, list] of kept.entries()) {
    values.set(list.items, offsets[r])
    scores.set(list.scores, offsets[r])
  }
  return { items: { offsets, values }, scores }
}

/** The rows of several matrices, one after the other. */
function joined(parts: Csr[]): Csr {
  const offsets = [0]
  for (const part of parts) {
    const before = offsets[offsets.length - 1]
    for (let r = 1; r < part.offsets.length; r++) offsets.push(before + part.offsets[r])
  }
  const values = new Int32Array(offsets[offsets.length - 1])
  let at = 0
  for (const part of parts) {
    values.set(part.values, at)
    at += part.values.length
  }
  return { offsets: Int32Array.from(offsets), values }
}
