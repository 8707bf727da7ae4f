/** `x W (+ b)`: `[rows]` times `[rows, columns]`, row major; four rows at a time, so that sums are written a quarter as often. */
export function affine(x: Float32Array, w: Float32Array, columns: number, b?: Float32Array): Float32Array {
  const out = new Float32Array(columns)
  if (b) out.set(b)
  let i = 0
  for (; i + 3 < x.length; i += 4) {
    const [x0, x1, x2, x3] = [x[i], x[i + 1], x[i + 2], x[i + 3]]
    const [w0, w1, w2, w3] = [i * columns, (i + 1) * columns, (i + 2) * columns, (i + 3) * columns]
    for (let j = 0; j < columns; j++) out[j] += x0 * w[w0 + j] + x1 * w[w1 + j] + x2 * w[w2 + j] + x3 * w[w3 + j]
  }
  for (; i < x.length; i++) for (let j = 0; j < columns; j++) out[j] += x[i] * w[i * columns + j]
  return out
}

/** `a + b`, entry by entry. */
export function plus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, i) => x + b[i])
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** `x / |x|`; zeros stay zeros. */
export function unit(x: Float32Array): Float32Array {
  const scale = 1 / Math.sqrt(dot(x, x) + 1e-12)
  return x.map((value) => value * scale)
}

/** `log softmax(x)` */
export function logSoftmax(x: Float32Array): Float32Array {
  let most = Number.NEGATIVE_INFINITY
  for (const value of x) most = Math.max(most, value)
  let sum = 0
  for (const value of x) sum += Math.exp(value - most)
  const shift = most + Math.log(sum)
  return x.map((value) => value - shift)
}

/** `sum_t softmax(logits)_t rows_t`; zeros where there are no rows. */
export function weightedSum(logits: Float32Array, rows: readonly Float32Array[], dim: number): Float32Array {
  const out = new Float32Array(dim)
  const logs = logSoftmax(logits)
  for (const [t, row] of rows.entries()) {
    const weight = Math.exp(logs[t])
    for (let d = 0; d < dim; d++) out[d] += weight * row[d]
  }
  return out
}

/** Mean of the rows; zeros where there are none. */
export function mean(rows: readonly Float32Array[], dim: number): Float32Array {
  const out = new Float32Array(dim)
  for (const row of rows) for (let d = 0; d < dim; d++) out[d] += row[d] / rows.length
  return out
}

/** Numbers of the `k` largest entries, largest first; equal ones in order. */
export function largest(x: Float32Array, k: number): number[] {
  const order = Array.from(x, (_, i) => i)
  return order.sort((a, b) => x[b] - x[a] || a - b).slice(0, k)
}
