import * as tf from '@tensorflow/tfjs'
import type { Places } from '../encoders/history.ts'

/**
 * REMI's routing regulariser (equation 10): `mean over users of |diag C|^2`, `C` the covariance over a history of its routing to
 * the interests, `C_kk = 1/T sum_t (a_kt - 1/T)^2`. Large where an interest looks at one item alone.
 *
 * @param weights `[batch, interests, history]`, each interest's sum to 1, 0 at the padding
 * @returns scalar
 */
export function routingVariance(
  weights: tf.Tensor3D,
  { padding, lengths }: Pick<Places, 'padding' | 'lengths'>,
): tf.Scalar {
  const there = tf.cast(tf.equal(padding, 0), 'float32')
  const count = tf.expandDims(tf.maximum(lengths, 1), 2)
  const apart = tf.mul(tf.sub(weights, tf.div(1, count)), there)
  const variances = tf.div(tf.sum(tf.square(apart), 2, true), count)
  return tf.mean(tf.sum(tf.square(variances), [1, 2])) as tf.Scalar
}
