import * as tf from '@tensorflow/tfjs'

/**
 * Sampled softmax in which hard negatives weigh more (REMI, equations 6 to 8: interest-aware hard negative mining as importance
 * sampling). Negatives are weighted `w_n = N exp(beta s_n) / sum_m exp(beta s_m)`, mean 1, so
 *
 * `loss = log(exp(s+) + sum_n w_n exp(s_n)) - s+`, averaged over the batch;
 *
 * `beta` 0 is the plain sampled softmax. The weights take part in the gradient.
 *
 * @param positive `[batch, 1]` logits of the targets
 * @param negative `[batch, negatives]` logits of the negatives
 * @param left `[batch, negatives]`: 1, or 0 for a negative that is the target
 * @returns scalar
 */
export function hardNegativeSoftmax(
  positive: tf.Tensor2D,
  negative: tf.Tensor2D,
  left: tf.Tensor2D,
  beta: number,
): tf.Scalar {
  const masked = tf.add(negative, tf.mul(tf.sub(1, left), -1e9))
  const plain = tf.logSumExp(tf.mul(masked, 1 + beta), 1, true)
  const weights =
    beta === 0 ? tf.scalar(0) : tf.sub(tf.logSumExp(tf.mul(masked, beta), 1, true), tf.log(tf.sum(left, 1, true)))
  return tf.mean(tf.softplus(tf.sub(tf.sub(plain, weights), positive))) as tf.Scalar
}
