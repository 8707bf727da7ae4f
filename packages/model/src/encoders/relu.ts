import * as tf from '@tensorflow/tfjs'
import { nativeOp } from '../native-op.ts'

/** `max(x, 0)` with its gradient, `dy` where `x` is above 0, in one pass where the backend has one. */
export function relu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const y = tf.relu(input as tf.Tensor)
    const keep = save as tf.GradSaveFunc
    keep([y])
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y] = saved
        return nativeOp('ReluGrad', [dy, y]) ?? tf.mul(dy, tf.step(y))
      },
    }
  })
  return op(x) as T
}
