import * as tf from '@tensorflow/tfjs'
import { gatherColumns } from '../encoders/gather-columns.ts'

/**
 * Interests taken from the history instead of generated: what its items carry, first what most of them carry, of equal ones the
 * latest. Who has fewer interests than asked for has the first of them again.
 *
 * @param codes of each item, int32 `[batch, history]` for each level; anything at the padding
 * @param padding `[batch, 1, history]`: 0 where there is an item
 * @param wanted clamped to the length of the history
 * @returns int32 `[batch, wanted]` for each level; means nothing for an empty history
 */
export function interestsOfHistory(codes: tf.Tensor2D[], padding: tf.Tensor3D, wanted: number): tf.Tensor2D[] {
  const [batch, length] = codes[0].shape
  const there = tf.cast(tf.equal(tf.squeeze(padding, [1]), 0), 'float32') as tf.Tensor2D
  const pairs = tf.mul(tf.expandDims(there, 1), tf.expandDims(there, 2))
  // [batch, history, history]: 1 where two items carry the same codes.
  const same = codes.reduce((all: tf.Tensor, level) => {
    const equal = tf.equal(tf.expandDims(level, 1), tf.expandDims(level, 2))
    return tf.mul(all, tf.cast(equal, 'float32'))
  }, pairs)
  const after = tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0))
  const again = tf.sum(tf.mul(same, after), 2)
  const last = tf.mul(there, tf.cast(tf.equal(again, 0), 'float32'))
  const recency = tf.div(tf.range(0, length), length)
  const weight = tf.sub(tf.mul(last, tf.add(tf.sum(same, 2), tf.add(recency, 1))), 1) as tf.Tensor2D
  const { values, indices } = tf.topk(weight, Math.min(wanted, length))
  const first = tf.tile(tf.slice(indices, [0, 0], [batch, 1]), [1, Math.min(wanted, length)])
  const chosen = tf.where(tf.less(values, 0), first, indices) as tf.Tensor2D
  return codes.map((level) => gatherColumns(level, chosen))
}
