import * as tf from '@tensorflow/tfjs'

/** What logits stay below that `exp` needs no shift for: the sum of a million such terms is still finite. */
const SAFE = 40

/** Whether `exp(power * logit)` needs no shift for logits that do not exceed `bound`. */
export function needsNoShift(bound: number | undefined, power = 1): boolean {
  return bound !== undefined && bound * power <= SAFE
}

/**
 * Sampled softmax (Jean et al., ACL 2015): cross-entropy of the target against shared negatives, for scores that may be
 * mixtures, `neg_bkm = users_bk . negatives_m`:
 *
 * `loss_b = log(sum_k exp(pos_bk) + sum_km exp(neg_bkm)) - log(sum_k exp(pos_bk))`, averaged over the batch.
 *
 * With one component per example it is the plain sampled softmax; a mixture `s(v) = log sum_k exp(l_k(v))` hands in all its
 * components, whose exponentials add up to the same sums.
 *
 * Accidental hits: a negative that is the target has the target's own logits, so instead of masking `[batch, negatives]`
 * entries, `hits` times the target's term is taken out of the sum; the gradient of the two cancels exactly.
 *
 * The logits are the largest tensor of a step, so they are touched as little as can be: product, `exp`, sum, and on the way
 * back two products, whose row weights are put on the small matrices instead.
 *
 * @param users `[batch * components, dim]`, divided by the temperature
 * @param negatives `[negatives, dim]`
 * @param positive `[batch, components]` logits of the targets
 * @param hits `[batch, 1]` how often each target is among the negatives
 * @param bound what no logit exceeds, where known (1 / temperature for normalised vectors)
 */
export function softmaxOfProducts(
  users: tf.Tensor2D,
  negatives: tf.Tensor2D,
  positive: tf.Tensor2D,
  hits: tf.Tensor2D,
  bound?: number,
): tf.Scalar {
  const [batch, components] = positive.shape
  const bounded = needsNoShift(bound)
  const single = components === 1
  /** `[batch, 1]` to `[batch * components, 1]`, each value once for each component of its example. */
  const perComponent = (x: tf.Tensor) => (single ? x : tf.reshape(tf.tile(x, [1, components]), [batch * components, 1]))
  const op = tf.customGrad((rows, items, pos, save) => {
    const logits = tf.matMul(rows as tf.Tensor2D, items as tf.Tensor2D, false, true)
    // The largest logit of an example and of its target, that no `exp` overflows; bounded logits need no shift.
    const most = bounded ? undefined : tf.max(pos as tf.Tensor, 1, true)
    const top = most && tf.maximum(most, tf.max(tf.reshape(logits, [batch, components * negatives.shape[0]]), 1, true))
    const others = tf.exp(top ? tf.sub(logits, perComponent(top)) : logits)
    const positives = tf.exp(most ? tf.sub(pos as tf.Tensor, most) : (pos as tf.Tensor))
    const own = single ? positives : tf.sum(positives, 1, true)
    const left = tf.sub(1, hits)
    const once = most && top ? tf.mul(left, tf.exp(tf.sub(most, top))) : left
    const ofOthers = tf.sum(others, 1, true)
    const sums = single ? ofOthers : tf.sum(tf.reshape(ofOthers, [batch, components]), 1, true)
    const total = tf.add(sums, tf.mul(own, once))
    const keep = save as tf.GradSaveFunc
    keep([rows as tf.Tensor, items as tf.Tensor, others, positives, own, total, once])
    const loss = tf.sub(tf.log(total), tf.log(own))
    return {
      value: tf.mean(most && top ? tf.add(loss, tf.sub(top, most)) : loss) as tf.Scalar,
      gradFunc: (dy: tf.Scalar, saved: tf.Tensor[]) => {
        const [rows, items, others, positives, own, total, once] = saved
        const share = tf.div(dy, batch)
        const weight = tf.div(share, total)
        const perRow = perComponent(weight)
        const ofPositive = tf.sub(tf.mul(once, weight), tf.div(share, own))
        return [
          tf.mul(tf.matMul(others as tf.Tensor2D, items as tf.Tensor2D), perRow),
          tf.matMul(others as tf.Tensor2D, tf.mul(rows, perRow) as tf.Tensor2D, true),
          tf.mul(positives, ofPositive),
        ]
      },
    }
  })
  return op(users, negatives, positive) as tf.Scalar
}
