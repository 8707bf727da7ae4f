import { living, type State } from './state.ts'

/**
 * Ordinals of the non-empty shards in the order in which a query should look into them: its own code's first, then by
 * the dot product of the query with each centroid, ties by ordinal.
 */
export function route(state: State, vectors: Float32Array, at: number, own: number | undefined): Int32Array {
  const { shards, centroids, dim } = state
  const scores = new Float64Array(shards.length)
  let count = 0
  const order = new Int32Array(shards.length)
  for (let s = 0; s < shards.length; s++) {
    if (living(shards[s]) === 0) continue
    order[count++] = s
    if (s === own) {
      scores[s] = Number.POSITIVE_INFINITY
      continue
    }
    let sum = 0
    for (let d = 0, from = s * dim; d < dim; d++, from++) sum += vectors[at + d] * centroids[from]
    scores[s] = sum
  }
  return order.subarray(0, count).sort((a, b) => scores[b] - scores[a] || a - b)
}
