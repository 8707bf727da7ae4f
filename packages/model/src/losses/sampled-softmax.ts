import * as tf from '@tensorflow/tfjs'

/**
 * Cross-entropy of the target against shared negatives (Jean et al., ACL 2015), for scores that may be mixtures:
 *
 * `loss_b = log(sum_k exp(pos_bk) + sum_m exp(neg_bm)) - log(sum_k exp(pos_bk))`, averaged over the batch.
 *
 * With one component per example it is the plain sampled softmax. A mixture `s(v) = log sum_k exp(l_k(v))` hands in all its
 * components side by side: the exponentials add up to the same sums.
 *
 * Accidental hits: a negative that is the target has the target's own logits, so instead of masking `[batch, negatives]`
 * entries, `hits` times the target's term is taken out of the sum; the gradient of the two cancels exactly.
 *
 * @param positive `[batch, components]` logits of the targets
 * @param negative `[batch, components * negatives]` logits of the negatives
 * @param hits `[batch, 1]` how often each target is among the negatives
 * @param bound what no logit exceeds, where known (1 / temperature for normalised vectors): saves a pass over the logits
 * @returns scalar
 */
export function sampledSoftmax(
  positive: tf.Tensor2D,
  negative: tf.Tensor2D,
  hits: tf.Tensor2D,
  bound?: number,
): tf.Scalar {
  const batch = positive.shape[0]
  const op = tf.customGrad((pos, neg, save) => {
    // Each sum is taken relative to its own largest term, so that neither overflows nor vanishes.
    const most: tf.Tensor = bound === undefined ? tf.max(pos as tf.Tensor, 1, true) : tf.scalar(bound)
    const top = bound === undefined ? tf.maximum(most, tf.max(neg as tf.Tensor, 1, true)) : most
    const negatives = tf.exp(tf.sub(neg as tf.Tensor, top))
    const positives = tf.exp(tf.sub(pos as tf.Tensor, most))
    const own = tf.sum(positives, 1, true)
    // How often the target's term is in the sum of the negatives, and what it is relative to `top`.
    const once = tf.mul(tf.sub(1, hits), tf.exp(tf.sub(most, top)))
    const total = tf.add(tf.sum(negatives, 1, true), tf.mul(own, once))
    const keep = save as tf.GradSaveFunc
    keep([negatives, positives, own, total, once])
    return {
      value: tf.mean(tf.add(tf.sub(tf.log(total), tf.log(own)), tf.sub(top, most))) as tf.Scalar,
      gradFunc: (dy: tf.Scalar, saved: tf.Tensor[]) => {
        const [negatives, positives, own, total, once] = saved
        const share = tf.div(dy, batch)
        const weight = tf.div(share, total)
        const ofPositive = tf.sub(tf.mul(once, weight), tf.div(share, own))
        return [tf.mul(positives, ofPositive), tf.mul(negatives, weight)]
      },
    }
  })
  return op(positive, negative) as tf.Scalar
}
