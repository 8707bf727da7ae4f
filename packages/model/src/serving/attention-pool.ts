import type { PlainHistory, SavedNetwork } from './user-encoder.ts'
import { softmaxAt, tanhAll, weightedSum } from './vectors.ts'

/**
 * `softmax_T(W2 tanh(W1 (H + P))) H`, see `createSelfAttention`.
 *
 * @returns one vector per query, `[queries, dim]`, in memory that is used again
 */
export function attentionPool(
  { options: { dim, history: length }, weights, linear }: SavedNetwork,
  name: string,
  positions = weights(`${name}/positions`),
): (history: PlainHistory) => Float64Array {
  const width = weights(`${name}/w1`).length / dim
  const queries = weights(`${name}/w2`).length / width
  const inner = linear(`${name}/w1`, width, { rows: length })
  const outer = linear(`${name}/w2`, queries, { rows: length })
  const placed = new Float64Array(length * dim)
  const hidden = new Float64Array(length * width)
  const logits = new Float64Array(length * queries)
  const pooled = new Float64Array(queries * dim)
  return ({ rows, count, first }) => {
    for (let i = 0; i < count * dim; i++) placed[i] = rows[i] + positions[first * dim + i]
    tanhAll(inner(placed, count, hidden), count * width)
    outer(hidden, count, logits)
    for (let q = 0; q < queries; q++) {
      softmaxAt(logits, q, count, queries)
      weightedSum(logits, q, queries, rows, count, dim, pooled, q * dim)
    }
    return pooled
  }
}
