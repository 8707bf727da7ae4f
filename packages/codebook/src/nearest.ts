import type { Matrix } from '@sparc/tables'

/**
 * Half the squared length of each codeword, plus half its price: `|x - c|^2 + price` is smallest where `x.c - bias` is
 * largest, because `|x|^2` is the same for every code.
 *
 * @param codewords `[size, dim]`
 * @param prices `[size]`, in units of squared distance; absent means no price
 * @returns `[size]`
 */
export function biases(codewords: Matrix, prices?: Float32Array): Float32Array {
  const { data, rows, dim } = codewords
  const bias = new Float32Array(rows)
  for (let c = 0; c < rows; c++) {
    let square = 0
    for (let d = 0; d < dim; d++) square += data[c * dim + d] ** 2
    bias[c] = (square + (prices ? prices[c] : 0)) / 2
  }
  return bias
}

/**
 * The code of the nearest codeword for each vector, by plain loops: `argmin_c |x - c|^2 + price_c`, the smaller code
 * where two are equal. The fast versions are tested against it.
 */
export function nearestReference(vectors: Matrix, codewords: Matrix, prices?: Float32Array): Int32Array {
  const { dim } = vectors
  const codes = new Int32Array(vectors.rows)
  for (let r = 0; r < vectors.rows; r++) {
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < codewords.rows; c++) {
      let distance = prices ? prices[c] : 0
      for (let d = 0; d < dim; d++) distance += (vectors.data[r * dim + d] - codewords.data[c * dim + d]) ** 2
      if (distance < least) {
        least = distance
        codes[r] = c
      }
    }
  }
  return codes
}

/**
 * The same in tiles of four codewords, so that each number of the vector is read once for four products.
 *
 * @param bias of `biases`
 * @param codes written: `[rows]`
 */
export function nearestInto(vectors: Matrix, codewords: Matrix, bias: Float32Array, codes: Int32Array): void {
  const { data: x, rows, dim } = vectors
  const { data: w, rows: size } = codewords
  const tiled = size - (size % 4)
  for (let r = 0; r < rows; r++) {
    const at = r * dim
    let most = Number.NEGATIVE_INFINITY
    let code = 0
    for (let c = 0; c < tiled; c += 4) {
      let s0 = -bias[c]
      let s1 = -bias[c + 1]
      let s2 = -bias[c + 2]
      let s3 = -bias[c + 3]
      const w0 = c * dim
      const w1 = w0 + dim
      const w2 = w1 + dim
      const w3 = w2 + dim
      for (let d = 0; d < dim; d++) {
        const value = x[at + d]
        s0 += value * w[w0 + d]
        s1 += value * w[w1 + d]
        s2 += value * w[w2 + d]
        s3 += value * w[w3 + d]
      }
      if (s0 > most) {
        most = s0
        code = c
      }
      if (s1 > most) {
        most = s1
        code = c + 1
      }
      if (s2 > most) {
        most = s2
        code = c + 2
      }
      if (s3 > most) {
        most = s3
        code = c + 3
      }
    }
    for (let c = tiled; c < size; c++) {
      let s = -bias[c]
      for (let d = 0; d < dim; d++) s += x[at + d] * w[c * dim + d]
      if (s > most) {
        most = s
        code = c
      }
    }
    codes[r] = code
  }
}

/** `nearestInto` into a new array. */
export function nearest(vectors: Matrix, codewords: Matrix, prices?: Float32Array): Int32Array {
  const codes = new Int32Array(vectors.rows)
  nearestInto(vectors, codewords, biases(codewords, prices), codes)
  return codes
}
