import type { Matrix } from '@sparc/tables'
import { nearestWasm, packCodewords } from './wasm-nearest.ts'

/** Rows handled at a time: what is needed besides input and output does not grow with the number of vectors. */
export const BLOCK = 2048

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
 * The codes of the nearest codewords, fast: `argmin_c |x - c|^2 + price_c`, by 128-bit SIMD.
 *
 * @param vectors `[rows, dim]`
 * @returns int32 `[rows]`
 */
export function nearest(vectors: Matrix, codewords: Matrix, prices?: Float32Array): Int32Array {
  const codes = new Int32Array(vectors.rows)
  const packed = packCodewords(codewords, biases(codewords, prices))
  for (let start = 0; start < vectors.rows; start += BLOCK) {
    const rows = Math.min(BLOCK, vectors.rows - start)
    const x = vectors.data.subarray(start * vectors.dim, (start + rows) * vectors.dim)
    nearestWasm(x, rows, packed, codes.subarray(start, start + rows))
  }
  return codes
}
