import { createProducts } from './products.ts'
import type { PlainHistory } from './user-encoder.ts'
import { normalizeAt, product, softmaxAt, weightedSum } from './vectors.ts'

/**
 * What an interest attends to: `a = sum_t softmax(q . W_h k_t + b_t) h_t`, normalised, where `k_t` is an item of the history.
 *
 * `q . W_h k = (W_h q) . k`: keys need no product of their own when queries take it over, and queries are known before any user.
 */
export function interestAttention(dim: number, length: number, bias: Float32Array = new Float32Array(length)) {
  const weights = new Float64Array(length)
  return (
    query: Float64Array,
    at: number,
    keys: Float64Array,
    { rows, count, first }: PlainHistory,
    out: Float64Array,
  ): void => {
    for (let t = 0; t < count; t++) weights[t] = product(query, at, keys, t * dim, dim) + bias[first + t]
    softmaxAt(weights, 0, count)
    weightedSum(weights, 0, 1, rows, count, dim, out, 0)
    normalizeAt(out, 0, dim)
  }
}

/** `E W` for all rows of `E` `[codes, dim]`, times `scale`. */
export function ofCodes(
  codewords: Float64Array | Float32Array,
  dim: number,
  weights: Float32Array,
  scale = 1,
): Float64Array {
  const rows = codewords.length / dim
  const outputs = weights.length / dim
  const times = createProducts()({ inputs: dim, outputs, rows, weights })
  return times(codewords, rows, new Float64Array(rows * outputs)).map((value) => value * scale)
}

/** `Q W'` for all rows of `Q` `[codes, dim]`: queries that take over the map of the keys. */
export function throughKeys(queries: Float64Array, dim: number, keyMap: Float32Array): Float64Array {
  const turned = new Float32Array(keyMap.length)
  for (let i = 0; i < dim; i++) for (let j = 0; j < dim; j++) turned[j * dim + i] = keyMap[i * dim + j]
  return ofCodes(queries, dim, turned)
}
