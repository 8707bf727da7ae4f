import { linear } from './linear.ts'
import type { PlainHistory, SavedNetwork } from './user-encoder.ts'
import { softmaxAt, tanhAll, weightedSum } from './vectors.ts'

/**
 * `softmax_T(W2 tanh(W1 (H + P))) H`, see `createSelfAttention`.
 *
 * @returns one vector per query, `[queries, dim]`, in memory that is used again
 */
export function attentionPool(
  { options: { dim, history: length }, weights }: SavedNetwork,
  name: string,
  positions = weights(`${name}/positions`),
): (history: PlainHistory) => Float64Array {
  const inner = linear(weights(`${name}/w1`), weights(`${name}/w1`).length / dim)
  const outer = linear(weights(`${name}/w2`), weights(`${name}/w2`).length / inner.outputs)
  const queries = outer.outputs
  const placed = new Float64Array(length * dim)
  const hidden = new Float64Array(length * inner.outputs)
  const logits = new Float64Array(length * queries)
  const pooled = new Float64Array(queries * dim)
  return ({ rows, count, first }) => {
    for (let i = 0; i < count * dim; i++) placed[i] = rows[i] + positions[first * dim + i]
    tanhAll(inner(placed, count, hidden), count * inner.outputs)
    outer(hidden, count, logits)
    for (let q = 0; q < queries; q++) {
      softmaxAt(logits, q, count, queries)
      weightedSum(logits, q, queries, rows, count, dim, pooled, q * dim)
    }
    return pooled
  }
}
