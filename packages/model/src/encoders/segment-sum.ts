import * as tf from '@tensorflow/tfjs'
import { nativeOp } from '../native-op.ts'

/**
 * Sums of the rows of each segment, `[rows, width]` to `[count, width]`; zeros for a segment without rows. It has no gradient of its own.
 *
 * What tfjs offers does not know that the ids ascend, and takes ten times as long.
 *
 * @param ids int32 `[rows]`, which segment each row is of: none below the one before
 * @param last the last of them
 */
export function segmentSum(rows: tf.Tensor2D, ids: tf.Tensor1D, count: number, last: number): tf.Tensor2D {
  // TensorFlow makes as many sums as the last id says.
  const sums = last === count - 1 ? nativeOp('SegmentSum', [rows, ids], 'Tindices') : undefined
  return (sums ?? tf.unsortedSegmentSum(rows, ids, count)) as tf.Tensor2D
}
