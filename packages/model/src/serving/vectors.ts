/** Product of two runs of `length` numbers, in four sums, so that one addition need not wait for the one before. */
export function product(a: Float64Array, from: number, b: Float64Array, at: number, length: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let i = 0
  for (; i + 3 < length; i += 4) {
    s0 += a[from + i] * b[at + i]
    s1 += a[from + i + 1] * b[at + i + 1]
    s2 += a[from + i + 2] * b[at + i + 2]
    s3 += a[from + i + 3] * b[at + i + 3]
  }
  for (; i < length; i++) s0 += a[from + i] * b[at + i]
  return s0 + s1 + (s2 + s3)
}

/** `x / |x|` in place, of `dim` numbers from `at`; zeros stay zeros. Returns `|x|`. */
export function normalizeAt(x: Float64Array | Float32Array, at: number, dim: number): number {
  let square = 1e-12
  for (let d = at; d < at + dim; d++) square += x[d] * x[d]
  const norm = Math.sqrt(square)
  for (let d = at; d < at + dim; d++) x[d] /= norm
  return norm
}

/** Mean of `rows` `[count, dim]` into `out` from `at`; zeros where there are none. */
export function meanRows(rows: Float64Array, count: number, dim: number, out: Float64Array, at = 0): void {
  out.fill(0, at, at + dim)
  for (let t = 0; t < count; t++) for (let d = 0; d < dim; d++) out[at + d] += rows[t * dim + d] / count
}

/** `softmax` in place, of `count` numbers that are `stride` apart, the first at `at`. */
export function softmaxAt(x: Float64Array, at: number, count: number, stride = 1): void {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) most = Math.max(most, x[at + i * stride])
  let sum = 0
  for (let i = 0; i < count; i++) {
    const e = Math.exp(x[at + i * stride] - most)
    x[at + i * stride] = e
    sum += e
  }
  for (let i = 0; i < count; i++) x[at + i * stride] /= sum
}

/** `log softmax` in place, of `count` numbers from `at`. */
export function logSoftmaxAt(x: Float64Array, at: number, count: number): void {
  let most = Number.NEGATIVE_INFINITY
  for (let i = at; i < at + count; i++) most = Math.max(most, x[i])
  let sum = 0
  for (let i = at; i < at + count; i++) sum += Math.exp(x[i] - most)
  const shift = most + Math.log(sum)
  for (let i = at; i < at + count; i++) x[i] -= shift
}

/** `sum_t weights_t rows_t` into `out` from `to`; the weights are `stride` apart, the first at `at`. */
export function weightedSum(
  weights: Float64Array,
  at: number,
  stride: number,
  rows: Float64Array,
  count: number,
  dim: number,
  out: Float64Array,
  to: number,
): void {
  out.fill(0, to, to + dim)
  for (let t = 0; t < count; t++) {
    const weight = weights[at + t * stride]
    for (let d = 0; d < dim; d++) out[to + d] += weight * rows[t * dim + d]
  }
}

/** `max(0, x)` in place, of the first `count` numbers. */
export function reluAll(x: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) if (x[i] < 0) x[i] = 0
}

/** `tanh` in place, of the first `count` numbers. */
export function tanhAll(x: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) x[i] = Math.tanh(x[i])
}

/** Numbers of the `k` largest of the first `count` entries, largest first; of equal ones the first. */
export function largest(x: Float64Array, count: number, k: number): number[] {
  const found: number[] = []
  for (let i = 0; i < count; i++) {
    let at = found.length
    while (at > 0 && x[found[at - 1]] < x[i]) at--
    if (at < k) found.splice(at, 0, i)
    if (found.length > k) found.pop()
  }
  return found
}

/** Finds the nearest of `rows`, `[count, dim]`, to a vector by squared distance and price, `[count]`; of equal ones the first. */
export function nearestRow(rows: Float32Array, prices: Float32Array, dim: number): (vector: Float32Array) => number {
  const squares = Float64Array.from(prices, (price, r) => {
    let sum = price
    for (let d = r * dim; d < (r + 1) * dim; d++) sum += rows[d] * rows[d]
    return sum
  })
  return (vector) => {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let r = 0; r < squares.length; r++) {
      let dot = 0
      for (let d = 0, at = r * dim; d < dim; d++, at++) dot += rows[at] * vector[d]
      const distance = squares[r] - 2 * dot
      if (distance < least) {
        least = distance
        best = r
      }
    }
    return best
  }
}
