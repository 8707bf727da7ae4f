import * as tf from '@tensorflow/tfjs'

/** TensorFlow's own backend, where its addon is built. */
async function native(): Promise<boolean> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  return import('@tensorflow/tfjs-node').then(
    () => true,
    () => false,
  )
}

/** Picks the backend for tests and benches: `cpu` where SPARC_BACKEND says so, else TensorFlow's own if it is built. */
export async function pickBackend(): Promise<string> {
  await tf.setBackend(process.env.SPARC_BACKEND !== 'cpu' && (await native()) ? 'tensorflow' : 'cpu')
  await tf.ready()
  return tf.getBackend()
}
