import * as tf from '@tensorflow/tfjs'

/**
 * InfoNCE inside a batch (van den Oord et al. 2018, equation 4): row `b` of one side against all rows of the other,
 * `-log softmax(a b^T / tau)_bb`, averaged.
 *
 * @param a `[batch, dim]`
 * @param b `[batch, dim]`, the right partner of each row of `a` in the same row
 * @param same `[batch, batch]`: 1 where two rows stand for one thing; those are no negatives of each other
 */
export function contrastive(a: tf.Tensor2D, b: tf.Tensor2D, temperature: number, same: tf.Tensor2D): tf.Scalar {
  const logits = tf.div(tf.matMul(a, b, false, true), temperature)
  const own = tf.div(tf.sum(tf.mul(a, b), 1), temperature)
  const diagonal = tf.eye(a.shape[0])
  const masked = tf.add(logits, tf.mul(tf.sub(same, diagonal), -1e9))
  return tf.mean(tf.sub(tf.logSumExp(masked, 1), own)) as tf.Scalar
}
