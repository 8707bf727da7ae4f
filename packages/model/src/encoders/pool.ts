import * as tf from '@tensorflow/tfjs'
import { type History, isFull } from './history.ts'
import { segmentSum } from './segment-sum.ts'

/** Mean of the items of each history, `[size, width]`; an empty history gives zeros. */
export function meanPool({ rows, places }: History): tf.Tensor2D {
  const { owners, lengths, size, length, at } = places
  const full = isFull(places)
  const shape: [number, number, number] = [size, length, rows.shape[1]]
  const op = tf.customGrad((items, save) => {
    const share = tf.div(1, tf.maximum(lengths, 1))
    const keep = save as tf.GradSaveFunc
    keep([share, owners])
    const sums = full
      ? tf.sum(tf.reshape(items as tf.Tensor, shape), 1)
      : segmentSum(items as tf.Tensor2D, owners, size, Math.floor(at[at.length - 1] / length))
    return {
      value: tf.mul(sums, share),
      gradFunc: (dy: tf.Tensor, [share, owners]: tf.Tensor[]) => {
        const each = tf.mul(dy, share)
        if (!full) return tf.gather(each, owners as tf.Tensor1D)
        return tf.reshape(tf.tile(tf.expandDims(each, 1), [1, length, 1]), rows.shape)
      },
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
