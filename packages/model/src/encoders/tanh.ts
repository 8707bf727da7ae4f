import * as tf from '@tensorflow/tfjs'
import { nativeOp } from '../native-op.ts'

/** `tanh(x)` with a gradient, `dy (1 - tanh(x)^2)`, in one pass where the backend has one. */
export function tanh<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const y = tf.tanh(input as tf.Tensor)
    const keep = save as tf.GradSaveFunc
    keep([y])
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y] = saved
        return nativeOp('TanhGrad', [y, dy]) ?? tf.mul(dy, tf.sub(1, tf.square(y)))
      },
    }
  })
  return op(x) as T
}
