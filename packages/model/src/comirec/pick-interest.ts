import * as tf from '@tensorflow/tfjs'

/**
 * For each user the interest with the largest product with the target: `u = V[argmax_k V_k . e_target]`
 * (ComiRec, equation 9). No gradient passes through the choice.
 *
 * @param vectors `[batch, interests, dim]`
 * @param targets `[batch, dim]`
 * @returns `[batch, dim]`
 */
export function pickInterest(vectors: tf.Tensor3D, targets: tf.Tensor2D): tf.Tensor2D {
  const interests = vectors.shape[1]
  if (interests === 1) return tf.squeeze(vectors, [1])
  const choose = tf.customGrad((all, wanted, save) => {
    const products = tf.sum(tf.mul(all as tf.Tensor, tf.expandDims(wanted as tf.Tensor, 1)), 2)
    const chosen = tf.expandDims(tf.cast(tf.oneHot(tf.argMax(products, 1), interests), 'float32'), 2)
    const keep = save as tf.GradSaveFunc
    keep([chosen])
    return {
      value: tf.sum(tf.mul(all as tf.Tensor, chosen), 1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        tf.mul(tf.expandDims(dy, 1), saved[0]),
        tf.zeros([dy.shape[0], dy.shape[1] as number]),
      ],
    }
  })
  return choose(vectors, targets) as tf.Tensor2D
}
