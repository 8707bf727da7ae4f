import * as tf from '@tensorflow/tfjs'
import { type History, isFull } from './history.ts'

/** Mean of the items of each history, `[size, width]`; an empty history gives zeros. */
export function meanPool({ rows, places, padded }: History): tf.Tensor2D {
  if (isFull(places)) return tf.mean(padded(), 1)
  const { owners, lengths, size } = places
  const op = tf.customGrad((items, save) => {
    const share = tf.div(1, tf.maximum(lengths, 1))
    const keep = save as tf.GradSaveFunc
    keep([share, owners])
    return {
      value: tf.mul(tf.unsortedSegmentSum(items as tf.Tensor2D, owners, size), share),
      gradFunc: (dy: tf.Tensor, [share, owners]: tf.Tensor[]) => tf.gather(tf.mul(dy, share), owners as tf.Tensor1D),
    }
  })
  return op(rows) as tf.Tensor2D
}

/**
 * Softmax over the positions of a history, padding left out.
 *
 * @param logits `[batch, queries, history]`
 * @param padding `[batch, 1, history]`: 0 where there is an item, `PADDING_LOGIT` at the padding
 */
export function attentionWeights(logits: tf.Tensor3D, padding: tf.Tensor3D): tf.Tensor3D {
  return tf.softmax(tf.add(logits, padding)) as tf.Tensor3D
}
