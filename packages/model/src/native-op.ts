import * as tf from '@tensorflow/tfjs'

/** The part of the native backend that runs an operation of TensorFlow by name. */
interface NativeBackend {
  binding: { TF_ATTR_TYPE: number; TF_FLOAT: number; TF_INT32: number }
  executeSingleOutput(name: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor
}

const isNative = (backend: object): backend is NativeBackend => 'executeSingleOutput' in backend && 'binding' in backend

/**
 * Runs a float32 operation that TensorFlow has and tfjs does not offer; undefined on the other backends.
 *
 * @param int32 name of the attribute that says of which type its int32 input is, where it has one
 */
export function nativeOp(name: string, inputs: tf.Tensor[], int32?: string): tf.Tensor | undefined {
  const backend = tf.backend()
  if (!isNative(backend)) return undefined
  const { TF_ATTR_TYPE: type, TF_FLOAT, TF_INT32 } = backend.binding
  const attributes = [{ name: 'T', type, value: TF_FLOAT }]
  if (int32 !== undefined) attributes.push({ name: int32, type, value: TF_INT32 })
  return backend.executeSingleOutput(name, attributes, inputs)
}
