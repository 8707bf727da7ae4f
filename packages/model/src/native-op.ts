import * as tf from '@tensorflow/tfjs'

/** The part of the native backend that runs an operation of TensorFlow by name. */
interface NativeBackend {
  binding: { TF_ATTR_TYPE: number; TF_FLOAT: number }
  executeSingleOutput(name: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor
}

const isNative = (backend: object): backend is NativeBackend => 'executeSingleOutput' in backend && 'binding' in backend

/** Runs a float32 operation that TensorFlow has and tfjs does not offer; undefined on the other backends. */
export function nativeOp(name: string, inputs: tf.Tensor[]): tf.Tensor | undefined {
  const backend = tf.backend()
  if (!isNative(backend)) return undefined
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding
  return backend.executeSingleOutput(name, [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }], inputs)
}
