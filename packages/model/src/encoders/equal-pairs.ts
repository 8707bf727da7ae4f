import * as tf from '@tensorflow/tfjs'

/** `[a, b]`: 1 where an id of one list is an id of the other. */
export function equalPairs(a: Int32Array, b = a): tf.Tensor2D {
  // TensorFlow may keep the numbers it is given, and batches are reused.
  const ids = (values: Int32Array) => tf.tensor1d(values.slice(), 'int32')
  return tf.cast(tf.equal(tf.expandDims(ids(a), 1), tf.expandDims(ids(b), 0)), 'float32') as tf.Tensor2D
}
