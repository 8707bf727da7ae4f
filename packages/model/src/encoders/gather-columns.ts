import * as tf from '@tensorflow/tfjs'

/**
 * `x[r, columns[r, k]]`, `[rows, k]`, from `x` `[rows, width]` and whole numbers `columns` `[rows, k]`.
 *
 * As a gather from the flat `x`: with batch dimensions the WebAssembly backend (4.22) reads from wrong places, and from
 * outside of its memory.
 */
export function gatherColumns(x: tf.Tensor2D, columns: tf.Tensor2D): tf.Tensor2D {
  const [rows, width] = x.shape
  const starts = tf.expandDims(tf.range(0, rows * width, width, 'int32'), 1)
  const places = tf.reshape(tf.add(columns, starts), [columns.size])
  return tf.reshape(tf.gather(tf.reshape(x, [x.size]), places), columns.shape)
}
