import * as tf from '@tensorflow/tfjs'

/** A symmetric matrix as blocks of rows of its lower triangle: block `b` is `[size, end of b]`. */
export interface LowerBlocks {
  order: number
  /** Rows per block; the last may have fewer. */
  size: number
  blocks: tf.Tensor2D[]
}

/**
 * Replaces a symmetric positive definite matrix by minus its inverse: the sweep operator (Goodnight, The American
 * Statistician 33(3), 1979), block by block, so that nearly all of the `order^3` multiplications and additions are large
 * matrix products of TensorFlow. With `P = A_kk^-1` and the block row `R = A_k,:`,
 *
 * `A_ij -= R_i' P R_j`, `A_ik = R_i' P`, `A_kk = -P`.
 *
 * Symmetric, so only the lower triangle is kept. Needs no pivoting. The blocks passed in are disposed of as they are replaced.
 *
 * @param between called after each block with the number done: may throw to stop
 */
export async function sweep(matrix: LowerBlocks, between?: (done: number, of: number) => Promise<void>): Promise<void> {
  const { order, size, blocks } = matrix
  for (let k = 0; k < blocks.length; k++) {
    const from = k * size
    const rows = Math.min(size, order - from)
    const row = blockRow(matrix, k)
    const [inverse, scaled, pivot] = tf.tidy(() => {
      const diagonal = tf.slice(row, [0, from], [rows, rows])
      const inverse = tf.tensor2d(invertSmall(Float64Array.from(diagonal.dataSync()), rows), [rows, rows])
      const scaled = tf.matMul(inverse, row) as tf.Tensor2D
      // With I - P in place of the pivot's own I, the update of other rows leaves R_i' P in column k.
      const own = tf.sub(tf.eye(rows), inverse)
      const after = from + rows
      const parts = [tf.slice(scaled, [0, 0], [rows, from]), own, tf.slice(scaled, [0, after], [rows, order - after])]
      return [inverse, scaled, tf.concat(parts, 1) as tf.Tensor2D]
    })
    for (let i = 0; i < blocks.length; i++) {
      const old = blocks[i]
      blocks[i] = tf.tidy(() => {
        if (i === k) return tf.concat([tf.slice(scaled, [0, 0], [rows, from]), tf.neg(inverse)], 1) as tf.Tensor2D
        const [height, width] = old.shape
        const left = tf.slice(row, [0, i * size], [rows, height])
        return tf.sub(old, tf.matMul(left, tf.slice(pivot, [0, 0], [rows, width]), true)) as tf.Tensor2D
      })
      old.dispose()
    }
    tf.dispose([row, inverse, scaled, pivot])
    await between?.(k + 1, blocks.length)
  }
}

/** All columns of block row `k`, `[rows, order]`: what the lower triangle has, and the mirror image of what lies below. */
export function blockRow({ size, blocks }: LowerBlocks, k: number): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = blocks[k].shape[0]
    const below = blocks
      .slice(k + 1)
      .map((block) => tf.transpose(tf.slice(block, [0, k * size], [block.shape[0], rows])))
    return tf.concat([blocks[k], ...below], 1) as tf.Tensor2D
  })
}

/** The inverse of a small symmetric positive definite matrix, in double precision. `[order, order]` */
export function invertSmall(matrix: Float64Array, order: number): Float32Array {
  const a = matrix
  for (let k = 0; k < order; k++) {
    const pivot = 1 / a[k * order + k]
    for (let j = 0; j < order; j++) a[k * order + j] *= pivot
    a[k * order + k] = pivot
    for (let i = 0; i < order; i++) {
      if (i === k) continue
      const factor = a[i * order + k]
      if (factor === 0) continue
      a[i * order + k] = 0
      for (let j = 0; j < order; j++) a[i * order + j] -= factor * a[k * order + j]
    }
  }
  return Float32Array.from(a)
}
