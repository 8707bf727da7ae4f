import * as tf from '@tensorflow/tfjs'

/**
 * Mean of the items of each history; an empty history gives zeros.
 *
 * @param history `[batch, history, dim]`, zeros at the padding
 * @param lengths `[batch, 1]`, how many are not padding
 * @returns `[batch, dim]`
 */
export function meanPool(history: tf.Tensor3D, lengths: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((items, save) => {
    const [batch, length, dim] = (items as tf.Tensor3D).shape
    const share = tf.div(1, tf.maximum(lengths, 1))
    const keep = save as tf.GradSaveFunc
    keep([share])
    return {
      value: tf.mul(tf.sum(items as tf.Tensor3D, 1), share),
      gradFunc: (dy: tf.Tensor, [share]: tf.Tensor[]) =>
        tf.tile(tf.reshape(tf.mul(dy, share), [batch, 1, dim]), [1, length, 1]),
    }
  })
  return op(history) as tf.Tensor2D
}

/** Logits of padding: far enough below any other that softmax gives them nothing. */
export const PADDING_LOGIT = -1e9

/**
 * Softmax over the positions of a history, padding left out.
 *
 * @param logits `[batch, queries, history]`
 * @param padding `[batch, 1, history]`: 0 where there is an item, `PADDING_LOGIT` at the padding
 */
export function attentionWeights(logits: tf.Tensor3D, padding: tf.Tensor3D): tf.Tensor3D {
  return tf.softmax(tf.add(logits, padding)) as tf.Tensor3D
}
