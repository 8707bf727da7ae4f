import { createRequire } from 'node:module'
import * as tf from '@tensorflow/tfjs'

/** Picks the fastest backend that this machine has, for tests and benches: TensorFlow's own where its addon is built. */
export async function pickBackend(): Promise<string> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  try {
    createRequire(import.meta.url)('@tensorflow/tfjs-node')
    await tf.setBackend('tensorflow')
  } catch {
    await tf.setBackend('cpu')
  }
  await tf.ready()
  return tf.getBackend()
}
