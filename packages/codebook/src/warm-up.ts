import type { Matrix, Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { breathe, checkSignal } from './fit.ts'
import type { Mlp } from './mlp.ts'
import { rowsAt } from './sample.ts'

/** The most steps that a warm-up takes, however many vectors there are. */
const MOST_STEPS = 1000

/**
 * Trains encoder and decoder as a plain autoencoder, `|x - decoder(encoder(x))|^2`: codewords set by k-means on the
 * output of an encoder that has learned nothing would be of no use.
 */
export async function warmUp(options: {
  vectors: Matrix
  encoder: Mlp
  decoder: Mlp
  epochs: number
  batch: number
  signal?: AbortSignal
  random: Random
}): Promise<void> {
  const { vectors, encoder, decoder, random } = options
  const batch = Math.min(options.batch, vectors.rows)
  const perEpoch = Math.floor(vectors.rows / batch)
  const order = Int32Array.from({ length: vectors.rows }, (_, r) => r)
  const optimizer = tf.train.adam(1e-3)
  const variables = [...encoder.variables, ...decoder.variables]
  try {
    for (let step = 0; step < Math.min(MOST_STEPS, options.epochs * perEpoch); step++) {
      checkSignal(options.signal)
      if (step % perEpoch === 0) random.shuffle(order)
      const rows = rowsAt(vectors, order, (step % perEpoch) * batch, batch)
      tf.tidy(() => {
        const x = tf.tensor2d(rows.data, [rows.rows, rows.dim])
        const loss = () => tf.mean(tf.square(tf.sub(x, decoder.apply(encoder.apply(x))))) as tf.Scalar
        optimizer.minimize(loss, false, variables)
      })
      if (step % 8 === 0) await breathe()
    }
  } finally {
    optimizer.dispose()
  }
}
