import * as tf from '@tensorflow/tfjs'

const EPSILON = 1e-12

/**
 * `n(x) = x / |x|` over the last axis, with its gradient `(dy - n(x) <n(x), dy>) / |x|` written out: half the operations
 * of automatic differentiation.
 *
 * @param x `[..., dim]`
 */
export function normalize<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const x = input as tf.Tensor
    const inverse = tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), EPSILON))
    const y = tf.mul(x, inverse)
    const keep = save as tf.GradSaveFunc
    keep([y, inverse])
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, inverse] = saved
        const along = tf.sum(tf.mul(dy, y), -1, true)
        return tf.mul(tf.sub(dy, tf.mul(y, along)), inverse)
      },
    }
  })
  return op(x) as T
}
