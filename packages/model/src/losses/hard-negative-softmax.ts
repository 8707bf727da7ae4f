import * as tf from '@tensorflow/tfjs'
import { needsNoShift } from './softmax-of-products.ts'

/** Below any sum of exponentials that means something. */
const TINY = 1e-30

/**
 * Sampled softmax in which hard negatives weigh more (REMI, equations 6 to 8: interest-aware hard negative mining as importance
 * sampling). Negatives are weighted `w_n = N exp(beta s_n) / sum_m exp(beta s_m)`, mean 1, so
 *
 * `loss = log(exp(s+) + sum_n w_n exp(s_n)) - s+`, averaged over the batch, `s_n = users . negatives_n`;
 *
 * `beta` 0 is the plain sampled softmax. The weights take part in the gradient.
 *
 * Accidental hits are no negatives: as in `softmaxOfProducts` the target's own terms are taken out of the sums, once for each, and the
 * logits are touched as little as can be. What the hits hand back through the negative and through the target cancels.
 *
 * @param users `[batch, dim]`, divided by the temperature
 * @param negatives `[negatives, dim]`
 * @param positive `[batch, 1]` logits of the targets
 * @param hits `[batch, 1]` how often each target is among the negatives
 * @param bound what no logit exceeds, where known (1 / temperature for normalised vectors)
 * @returns scalar
 */
export function hardNegativeSoftmax(
  users: tf.Tensor2D,
  negatives: tf.Tensor2D,
  positive: tf.Tensor2D,
  hits: tf.Tensor2D,
  beta: number,
  bound?: number,
): tf.Scalar {
  const batch = positive.shape[0]
  const bounded = needsNoShift(bound, 1 + beta)
  const op = tf.customGrad((rows, items, pos, save) => {
    const logits = tf.matMul(rows as tf.Tensor2D, items as tf.Tensor2D, false, true)
    const top = bounded ? undefined : tf.max(logits, 1, true)
    const shifted = top ? tf.sub(logits, top) : logits
    // As a negative the target is not above the largest; where it is none this is multiplied by zero.
    const own = top ? tf.minimum(tf.sub(pos as tf.Tensor, top), 0) : (pos as tf.Tensor)
    const terms = [1 + beta, beta].map((power) => {
      const all = tf.exp(tf.mul(shifted, power))
      const ofHits = tf.mul(hits, tf.exp(tf.mul(own, power)))
      return { all, ofHits, sum: tf.maximum(tf.sub(tf.sum(all, 1, true), ofHits), TINY) }
    })
    const [hard, soft] = terms
    const left = tf.log(tf.sub(negatives.shape[0], hits))
    const others = tf.sub(tf.add(left, tf.log(hard.sum)), tf.log(soft.sum))
    const gap = tf.sub(top ? tf.add(others, top) : others, pos as tf.Tensor)
    const keep = save as tf.GradSaveFunc
    keep([rows as tf.Tensor, items as tf.Tensor, gap, ...terms.flatMap(({ all, ofHits, sum }) => [all, ofHits, sum])])
    return {
      value: tf.mean(tf.softplus(gap)) as tf.Scalar,
      gradFunc: (dy: tf.Scalar, saved: tf.Tensor[]) => {
        const [rows, items, gap, hard, hardHits, hardSum, soft, softHits, softSum] = saved
        const share = tf.mul(tf.sigmoid(gap), tf.div(dy, batch))
        const ofHard = tf.div(tf.mul(share, 1 + beta), hardSum)
        const ofSoft = tf.div(tf.mul(share, beta), softSum)
        const along = (a: tf.Tensor, b: tf.Tensor) => tf.sub(tf.mul(a, ofHard), tf.mul(b, ofSoft)) as tf.Tensor2D
        const ofLogits = along(hard, soft)
        return [
          tf.matMul(ofLogits, items as tf.Tensor2D),
          tf.matMul(ofLogits, rows as tf.Tensor2D, true),
          tf.neg(tf.add(share, along(hardHits, softHits))),
        ]
      },
    }
  })
  return op(users, negatives, positive) as tf.Scalar
}
