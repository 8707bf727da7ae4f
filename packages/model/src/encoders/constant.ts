import * as tf from '@tensorflow/tfjs'

/** `sg(x)`: the value of `x`, and no gradient. tfjs records nothing inside of a custom gradient without inputs. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return tf.customGrad(() => ({ value: tf.clone(x), gradFunc: () => [] }))() as T
}
