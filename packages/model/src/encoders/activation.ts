import * as tf from '@tensorflow/tfjs'
import { nativeOp } from '../native-op.ts'

/** An activation whose gradient is worked out from what it returned. */
function activation(
  forward: (x: tf.Tensor) => tf.Tensor,
  gradient: (dy: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): <T extends tf.Tensor>(x: T) => T {
  return <T extends tf.Tensor>(x: T): T => {
    const op = tf.customGrad((input, save) => {
      const y = forward(input as tf.Tensor)
      const keep = save as tf.GradSaveFunc
      keep([y])
      return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradient(dy, saved[0]) }
    })
    return op(x) as T
  }
}

/** `tanh(x)` with a gradient, `dy (1 - tanh(x)^2)`, in one pass where the backend has one. */
export const tanh = activation(tf.tanh, (dy, y) => nativeOp('TanhGrad', [y, dy]) ?? tf.mul(dy, tf.sub(1, tf.square(y))))

/** `max(x, 0)` with its gradient, `dy` where `x` is above 0, in one pass where the backend has one. */
export const relu = activation(tf.relu, (dy, y) => nativeOp('ReluGrad', [dy, y]) ?? tf.mul(dy, tf.step(y)))
