/**
 * The dot products of a row with the queries from `vectors[at]` on, each summed in float64 in order of the dimensions; four
 * sums at a time, which do not wait for one another.
 */
export function rowProducts(row: Float32Array, vectors: Float32Array, at: number, out: Float64Array): void {
  const dim = row.length
  let query = 0
  for (; query + 4 <= out.length; query += 4) {
    let a = at + query * dim
    let b = a + dim
    let c = b + dim
    let d = c + dim
    let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0]
    for (let n = 0; n < dim; n++) {
      const value = row[n]
      sumA += vectors[a++] * value
      sumB += vectors[b++] * value
      sumC += vectors[c++] * value
      sumD += vectors[d++] * value
    }
    out[query] = sumA
    out[query + 1] = sumB
    out[query + 2] = sumC
    out[query + 3] = sumD
  }
  for (; query < out.length; query++) {
    let sum = 0
    for (let n = 0, from = at + query * dim; n < dim; n++) sum += vectors[from + n] * row[n]
    out[query] = sum
  }
}
