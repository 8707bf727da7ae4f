import { topKHeap } from '@sparc/tables'
import { multiply } from './linear.ts'
import type { EncodedUser } from './user-encoder.ts'

/** Items scored at a time. */
const BLOCK = 256

/** A recommended row, and the interest that scored it best. */
export interface BestItem {
  row: number
  score: number
  place: number
}

/** What can be recommended, `[items * dim]`. */
export interface Scored {
  items: Float32Array
  dim: number
  temperature: number
}

/**
 * The `k` best of all items: the maximum over a user's interests, or with probabilities the mixture
 * `log sum_c exp(log p_c + u_c . v / temperature)`.
 *
 * @param allowed asked only of rows that would be among the best
 */
export function bestItems(
  { items, dim, temperature }: Scored,
  user: EncodedUser,
  k: number,
  allowed: (row: number) => boolean,
): BestItem[] {
  const { vectors, logProbabilities } = user
  const interests = vectors.length
  const weights = new Float64Array(interests * dim)
  for (const [c, vector] of vectors.entries()) weights.set(vector, c * dim)
  for (let i = 0; i < weights.length; i++) weights[i] /= temperature
  const begin = Float64Array.from(vectors, (_, c) => logProbabilities?.[c] ?? 0)
  const block = new Float64Array(BLOCK * dim)
  const scores = new Float64Array(BLOCK * interests)
  const rows = items.length / dim
  const heap = topKHeap(Math.min(k, rows))
  const slack = logProbabilities ? Math.log(interests) : 0
  for (let from = 0; from < rows; from += BLOCK) {
    const count = Math.min(BLOCK, rows - from)
    block.set(items.subarray(from * dim, (from + count) * dim))
    multiply(block, count, dim, weights, interests, begin, scores)
    for (let r = 0; r < count; r++) {
      let most = Number.NEGATIVE_INFINITY
      for (let c = r * interests; c < (r + 1) * interests; c++) if (scores[c] > most) most = scores[c]
      // No mixture is above its best part by more than the log of their number.
      if (most + slack < heap.threshold() || !allowed(from + r)) continue
      heap.push(from + r, logProbabilities ? mixture(scores, r * interests, interests, most) : most)
    }
  }
  const best = heap.drain()
  return Array.from(best.items, (row, n) => {
    multiply(Float64Array.from(items.subarray(row * dim, (row + 1) * dim)), 1, dim, weights, interests, begin, scores)
    let place = 0
    for (let c = 1; c < interests; c++) if (scores[c] > scores[place]) place = c
    return { row, score: best.scores[n], place }
  })
}

/** `log sum_c exp(scores_c)` of `count` scores from `at`, `most` being the largest. */
function mixture(scores: Float64Array, at: number, count: number, most: number): number {
  let sum = 0
  for (let c = at; c < at + count; c++) sum += Math.exp(scores[c] - most)
  return most + Math.log(sum)
}
