import * as tf from '@tensorflow/tfjs'

/**
 * Rows of a matrix by number. tfjs' own gather transposes twice on the way back; rows need no transposing.
 *
 * @param rows `[count, dim]`
 * @param ids int32, any shape
 * @returns `[...ids.shape, dim]`
 */
export function gatherRows(rows: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D
export function gatherRows(rows: tf.Tensor2D, ids: tf.Tensor2D): tf.Tensor3D
export function gatherRows(rows: tf.Tensor2D, ids: tf.Tensor): tf.Tensor {
  const [count, dim] = rows.shape
  const op = tf.customGrad((table, save) => {
    const keep = save as tf.GradSaveFunc
    keep([ids])
    return {
      value: tf.gather(table as tf.Tensor2D, ids as tf.Tensor1D),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const flat = tf.reshape(saved[0], [-1]) as tf.Tensor1D
        return tf.unsortedSegmentSum(tf.reshape(dy, [-1, dim]), flat, count)
      },
    }
  })
  return op(rows)
}

/** Rows in another order, `order` of them int32 `[count]`, and `back` the way back, which is the way of the gradient. */
export function permuteRows(rows: tf.Tensor2D, order: tf.Tensor1D, back: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((table, save) => {
    const keep = save as tf.GradSaveFunc
    keep([back])
    return {
      value: tf.gather(table as tf.Tensor2D, order),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.gather(dy, saved[0] as tf.Tensor1D),
    }
  })
  return op(rows) as tf.Tensor2D
}
