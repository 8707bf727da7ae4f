import { topKHeap } from '@sparc/tables/plain'
import { createProducts, type Linear } from './products.ts'
import type { EncodedUser } from './user-encoder.ts'

/** Items scored at a time. */
const BLOCK = 256

/** A recommended row, and the interest that scored it best. */
export interface BestItem {
  row: number
  score: number
  /** Place of the interest among the user's vectors; of the general one only where there is no other. */
  place: number
  /** The general vector scored it better than any interest. */
  general: boolean
}

/** What can be recommended, `[items * dim]`. */
export interface Scored {
  items: Float32Array
  dim: number
  temperature: number
}

/**
 * Makes the search for the `k` best of all items: by the maximum over a user's interests, or with probabilities by the mixture
 * `log sum_c exp(log p_c + u_c . v / temperature)`, `bias` of the item added. It asks `allowed` only of rows that would be among the best.
 */
export function bestItems({ items, dim, temperature }: Scored) {
  const rows = items.length / dim
  const products = createProducts()
  const scorers = new Map<number, { score: Linear; scores: Float64Array; weights: Float32Array }>()
  const scorerFor = (interests: number) => {
    const found = scorers.get(interests)
    if (found) return found
    const score = products({ inputs: dim, outputs: interests, rows: BLOCK })
    const made = { score, scores: new Float64Array(BLOCK * interests), weights: new Float32Array(interests * dim) }
    scorers.set(interests, made)
    return made
  }
  return (
    { vectors, logProbabilities, generalFirst = false }: EncodedUser,
    k: number,
    allowed: (row: number) => boolean,
    bias?: (row: number) => number,
  ): BestItem[] => {
    const interests = vectors.length
    const { score, scores, weights } = scorerFor(interests)
    for (const [c, vector] of vectors.entries()) {
      for (let d = 0; d < dim; d++) weights[d * interests + c] = vector[d] / temperature
    }
    score.set(weights, logProbabilities)
    const heap = topKHeap(Math.min(k, rows))
    const slack = logProbabilities ? Math.log(interests) : 0
    // Asked for after a push alone: a number that a function returns may cost room on the heap, and there are many rows.
    let threshold = heap.threshold()
    for (let from = 0; from < rows; from += BLOCK) {
      const count = Math.min(BLOCK, rows - from)
      score(items.subarray(from * dim, (from + count) * dim), count, scores)
      for (let r = 0; r < count; r++) {
        let most = Number.NEGATIVE_INFINITY
        for (let c = r * interests; c < (r + 1) * interests; c++) if (scores[c] > most) most = scores[c]
        const added = bias ? bias(from + r) : 0
        // No mixture is above its best part by more than the log of their number.
        if (most + slack + added < threshold || !allowed(from + r)) continue
        heap.push(from + r, added + (logProbabilities ? mixture(scores, r * interests, interests, most) : most))
        threshold = heap.threshold()
      }
    }
    const best = heap.drain()
    return Array.from(best.items, (row, n) => {
      score(items.subarray(row * dim, (row + 1) * dim), 1, scores)
      let place = generalFirst && interests > 1 ? 1 : 0
      for (let c = place + 1; c < interests; c++) if (scores[c] > scores[place]) place = c
      return { row, score: best.scores[n], place, general: generalFirst && (place === 0 || scores[0] > scores[place]) }
    })
  }
}

/** `log sum_c exp(scores_c)` of `count` scores from `at`, `most` being the largest. */
function mixture(scores: Float64Array, at: number, count: number, most: number): number {
  let sum = 0
  for (let c = at; c < at + count; c++) sum += Math.exp(scores[c] - most)
  return most + Math.log(sum)
}
