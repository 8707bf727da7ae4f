import type { Matrix } from '@sparc/tables'
import { BLOCK, biases } from './nearest.ts'
import type { Codes } from './vectors.ts'
import { nearestWasm, packCodewords } from './wasm-nearest.ts'

/** One level as plain numbers: its codewords `[size, dim]` and, where the level is balanced, a price per code. */
export interface Level {
  vectors: Matrix
  prices?: Float32Array
}

/** `residual -= codewords[codes]`, row by row. */
function subtract(residual: Float32Array, codewords: Matrix, codes: Int32Array, rows: number): void {
  const { data, dim } = codewords
  for (let r = 0; r < rows; r++) {
    const at = r * dim
    const from = codes[r] * dim
    for (let d = 0; d < dim; d++) residual[at + d] -= data[from + d]
  }
}

/**
 * Residual codes: `c^l = argmin_c |r^(l-1) - C^l_c|^2 + price^l_c`, `r^l = r^(l-1) - C^l[c^l]`, `r^0 = x`
 * (Lee et al., CVPR 2022, equation 3).
 *
 * @param onBlock is handed what is left after the last level, block by block
 */
export function encodeResidual(
  vectors: Matrix,
  levels: readonly Level[],
  onBlock?: (residual: Float32Array, start: number, rows: number) => void,
): Codes {
  const { rows, dim } = vectors
  const data = new Uint16Array(rows * levels.length)
  const packed = levels.map(({ vectors, prices }) => packCodewords(vectors, biases(vectors, prices)))
  const block = new Float32Array(Math.min(BLOCK, rows) * dim)
  const found = new Int32Array(Math.min(BLOCK, rows))
  for (let start = 0; start < rows; start += BLOCK) {
    const count = Math.min(BLOCK, rows - start)
    block.set(vectors.data.subarray(start * dim, (start + count) * dim))
    for (const [l, level] of levels.entries()) {
      nearestWasm(block, count, packed[l], found)
      for (let r = 0; r < count; r++) data[(start + r) * levels.length + l] = found[r]
      if (l + 1 < levels.length || onBlock) subtract(block, level.vectors, found, count)
    }
    onBlock?.(block, start, count)
  }
  return { levels: levels.length, data }
}

/** The sum of each row's codewords, `[rows, dim]`. The codes have been checked. */
export function decodeResidual(codes: Codes, levels: readonly Level[]): Matrix {
  const { dim } = levels[0].vectors
  const rows = codes.data.length / codes.levels
  const data = new Float32Array(rows * dim)
  for (let r = 0; r < rows; r++) {
    for (const [l, level] of levels.entries()) {
      const from = codes.data[r * codes.levels + l] * dim
      for (let d = 0; d < dim; d++) data[r * dim + d] += level.vectors.data[from + d]
    }
  }
  return { data, rows, dim }
}
