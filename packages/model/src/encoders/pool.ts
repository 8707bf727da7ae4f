import * as tf from '@tensorflow/tfjs'

/**
 * Mean of the items of each history; an empty history gives zeros.
 *
 * @param history `[batch, history, dim]`, zeros at the padding
 * @param lengths `[batch, 1]`, how many are not padding
 * @returns `[batch, dim]`
 */
export function meanPool(history: tf.Tensor3D, lengths: tf.Tensor2D): tf.Tensor2D {
  return tf.div(tf.sum(history, 1), tf.maximum(lengths, 1))
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
