import { type Csr, topKHeap } from '@sparc/tables'
import { pause } from '../pause.ts'
import { rowLengths, transpose } from './sparse.ts'

/** How a user-item pair is weighted before items are compared. */
export type Weighting = 'cosine' | 'tfidf' | 'bm25'

export interface NeighbourOptions {
  weighting: Weighting
  /** Neighbours kept per item, the item itself among them. */
  neighbours: number
  /** Added to the product of the two norms: trusts rare pairs less. BM25 is not normalised: it would rank nothing otherwise there. */
  shrinkage: number
  /** BM25's saturation and length normalisation. */
  k1: number
  b: number
}

/** A sparse item-item matrix: row `i` holds the items similar to `i`, most similar first, and how similar they are. */
export interface Neighbours extends Csr {
  similarities: Float32Array
}

/**
 * The weight of each entry of the item-user matrix, in the order of `users` (row per item, the users that had it).
 *
 * - `cosine`: `1 / |i|`, with `|i|` the root of the number of users
 * - `tfidf`: `idf(u) / |i|`, `idf(u) = log(items) - log(1 + items of u)`
 * - `bm25`: `(k1 + 1) / (k1 (1 - b + b n_i / mean n) + 1) idf(u)`, not normalised
 *
 * As the library `implicit` weights them (`nearest_neighbours.py`), for a binary matrix.
 */
export function itemWeights(users: Csr, userLengths: Int32Array, options: NeighbourOptions): Float64Array {
  const items = users.offsets.length - 1
  const weights = new Float64Array(users.values.length)
  const meanLength = users.values.length / items
  for (let i = 0; i < items; i++) {
    const from = users.offsets[i]
    const to = users.offsets[i + 1]
    const saturation =
      options.weighting === 'bm25'
        ? (options.k1 + 1) / (options.k1 * (1 - options.b + (options.b * (to - from)) / meanLength) + 1)
        : 1
    for (let n = from; n < to; n++) {
      const idf = options.weighting === 'cosine' ? 1 : Math.log(items) - Math.log1p(userLengths[users.values[n]])
      weights[n] = saturation * idf
    }
  }
  return weights
}

/** Items done before the event loop gets a turn. */
const ITEMS = 512

/**
 * For each item its nearest items by the dot product of their weighted user columns, the item itself included.
 * `sequences` is the binary user-item matrix (a row per user, each item once). Cost: the sum over users of their squared length.
 *
 * @throws CancelledError when the signal fires
 */
export async function nearestItems(
  sequences: Csr,
  items: number,
  options: NeighbourOptions,
  signal?: AbortSignal,
): Promise<Neighbours> {
  const users = transpose(sequences, items)
  const weights = itemWeights(users, rowLengths(sequences), options)
  // The same weights in the order of `sequences`, so that a user's items are read in one run.
  const byUser = new Float64Array(sequences.values.length)
  const next = users.offsets.slice()
  for (let n = 0; n < sequences.values.length; n++) byUser[n] = weights[next[sequences.values[n]]++]
  const norms = new Float64Array(items)
  for (let i = 0; i < items; i++) {
    let sum = 0
    for (let n = users.offsets[i]; n < users.offsets[i + 1]; n++) sum += weights[n] ** 2
    norms[i] = options.weighting === 'bm25' ? 1 : Math.sqrt(sum) || 1
  }

  const scores = new Float64Array(items)
  const touched = new Int32Array(items)
  const touchedBy = new Int32Array(items).fill(-1)
  const heap = topKHeap(Math.min(options.neighbours, items))
  const offsets = new Int32Array(items + 1)
  const values: Int32Array[] = []
  const similarities: Float32Array[] = []
  for (let i = 0; i < items; i++) {
    if (i % ITEMS === 0) await pause('item-knn', signal, () => `${i} of ${items} items done`)
    let count = 0
    for (let n = users.offsets[i]; n < users.offsets[i + 1]; n++) {
      const user = users.values[n]
      const weight = weights[n]
      for (let m = sequences.offsets[user]; m < sequences.offsets[user + 1]; m++) {
        const other = sequences.values[m]
        if (touchedBy[other] !== i) {
          touchedBy[other] = i
          touched[count++] = other
        }
        scores[other] += weight * byUser[m]
      }
    }
    for (let n = 0; n < count; n++) {
      const other = touched[n]
      heap.push(other, scores[other] / (norms[i] * norms[other] + options.shrinkage))
      scores[other] = 0
    }
    const kept = heap.drain()
    values.push(kept.items)
    similarities.push(kept.scores)
    offsets[i + 1] = offsets[i] + kept.items.length
  }
  return { offsets, values: concat(values, Int32Array), similarities: concat(similarities, Float32Array) }
}

/** Adds to `scores` the similarities of each item of `history`, which has it once, to its neighbours. */
export function addNeighbourScores(neighbours: Neighbours, history: Int32Array, scores: Float32Array): void {
  for (const item of history) {
    for (let n = neighbours.offsets[item]; n < neighbours.offsets[item + 1]; n++) {
      scores[neighbours.values[n]] += neighbours.similarities[n]
    }
  }
}

/** One array of all the parts. */
export function concat<T extends Int32Array | Float32Array>(parts: T[], Type: new (length: number) => T): T {
  const whole = new Type(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
