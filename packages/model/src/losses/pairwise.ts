import * as tf from '@tensorflow/tfjs'

/**
 * Binary cross-entropy of the target against negatives: `softplus(-s+) + mean_n softplus(s_n)`, averaged over the batch.
 *
 * @param positive `[batch, 1]` logits of the targets
 * @param negative `[batch, negatives]` logits of the negatives
 * @param left `[batch, negatives]`: 1, or 0 for a negative that is the target
 */
export function binaryCrossEntropy(positive: tf.Tensor2D, negative: tf.Tensor2D, left: tf.Tensor2D): tf.Scalar {
  const ofTargets = tf.mean(tf.softplus(tf.neg(positive)))
  const counts = tf.maximum(tf.sum(left, 1), 1)
  const ofNegatives = tf.mean(tf.div(tf.sum(tf.mul(tf.softplus(negative), left), 1), counts))
  return tf.add(ofTargets, ofNegatives) as tf.Scalar
}

/**
 * Bayesian personalised ranking: `-log sigmoid(s+ - s_n)`, averaged over batch and negatives
 * (Rendle et al., UAI 2009, section 4.1).
 *
 * @param positive `[batch, 1]`
 * @param negative `[batch, negatives]`
 * @param left `[batch, negatives]`: 1, or 0 for a negative that is the target
 */
export function bpr(positive: tf.Tensor2D, negative: tf.Tensor2D, left: tf.Tensor2D): tf.Scalar {
  const pairs = tf.mul(tf.softplus(tf.sub(negative, positive)), left)
  return tf.mean(tf.div(tf.sum(pairs, 1), tf.maximum(tf.sum(left, 1), 1))) as tf.Scalar
}

/**
 * Shuffle BPR: the target must score better under its own user than under another user of the batch, the one before it:
 * `softplus(s(u_{b-1}, v_b) - s(u_b, v_b))`, averaged.
 *
 * @param users `[batch, dim]`
 * @param targets `[batch, dim]`
 */
export function shuffleBpr(users: tf.Tensor2D, targets: tf.Tensor2D, temperature: number): tf.Scalar {
  const [batch, dim] = users.shape
  const others = tf.concat2d([tf.slice(users, [batch - 1, 0], [1, dim]), tf.slice(users, [0, 0], [batch - 1, dim])], 0)
  const gap = tf.sum(tf.mul(tf.sub(others, users), targets), 1)
  return tf.mean(tf.softplus(tf.div(gap, temperature))) as tf.Scalar
}
