import type { Matrix } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { BLOCK, biases } from './nearest.ts'
import { tensorflowBlocks } from './tensorflow-blocks.ts'
import type { Codes } from './vectors.ts'
import { nearestWasm, packCodewords } from './wasm-nearest.ts'

/** One level as plain numbers: its codewords `[size, dim]` and, where the level is balanced, a price per code. */
export interface Level {
  vectors: Matrix
  prices?: Float32Array
}

/** Codes of one block of vectors, level by level, and what is left of the block after the last one if asked for. */
export interface Blocks {
  /** Rows of a block at most. */
  rows: number
  /**
   * @param block `[rows, dim]`; holds what is left afterwards where `remainder` is set
   * @param codes written: code of row `r` at level `l` at `r * levels + l`
   */
  encode(block: Float32Array, rows: number, codes: Uint16Array, remainder: boolean): void
  dispose(): void
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

/** Blocks by the SIMD kernel. */
export function wasmBlocks(levels: readonly Level[]): Blocks {
  const packed = levels.map(({ vectors, prices }) => packCodewords(vectors, biases(vectors, prices)))
  const found = new Int32Array(BLOCK)
  return {
    rows: BLOCK,
    encode(block, rows, codes, remainder) {
      for (const [l, level] of levels.entries()) {
        nearestWasm(block, rows, packed[l], found)
        for (let r = 0; r < rows; r++) codes[r * levels.length + l] = found[r]
        if (l + 1 < levels.length || remainder) subtract(block, level.vectors, found, rows)
      }
    },
    dispose: () => {},
  }
}

/**
 * Residual codes: `c^l = argmin_c |r^(l-1) - C^l_c|^2 + price^l_c`, `r^l = r^(l-1) - C^l[c^l]`, `r^0 = x`
 * (Lee et al., CVPR 2022, equation 3). In blocks, so that what is needed besides input and output does not grow with
 * the number of vectors; by TensorFlow's own products where its addon is the backend, else by a SIMD kernel.
 *
 * @param onBlock is handed what is left after the last level, block by block
 */
export function encodeResidual(
  vectors: Matrix,
  levels: readonly Level[],
  onBlock?: (residual: Float32Array, start: number, rows: number) => void,
): Codes {
  const { rows, dim } = vectors
  const codes = new Uint16Array(rows * levels.length)
  const blocks = tf.getBackend() === 'tensorflow' ? tensorflowBlocks(levels) : wasmBlocks(levels)
  try {
    const block = new Float32Array(Math.min(blocks.rows, rows) * dim)
    for (let start = 0; start < rows; start += blocks.rows) {
      const count = Math.min(blocks.rows, rows - start)
      block.set(vectors.data.subarray(start * dim, (start + count) * dim))
      const end = (start + count) * levels.length
      blocks.encode(block, count, codes.subarray(start * levels.length, end), onBlock !== undefined)
      onBlock?.(block, start, count)
    }
  } finally {
    blocks.dispose()
  }
  return { levels: levels.length, data: codes }
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
