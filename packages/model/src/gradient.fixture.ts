import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { loadTensorflow } from './tensorflow.ts'

/** Picks the backend; for `beforeAll`. */
export const ready = async () => {
  await loadTensorflow()
}

/** Seeded normal numbers as a tensor. */
export function normal<R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number, scale = 1): tf.Tensor<R> {
  const draw = random(seed)
  const size = shape.reduce((product: number, n: number) => product * n, 1)
  const values = Float32Array.from({ length: size }, () => draw.normal() * scale)
  return tf.tensor(values, shape, 'float32')
}

/** Compares the gradient of a scalar function with central differences, at every entry of every input. */
export function checkGradient(f: (...xs: tf.Tensor[]) => tf.Scalar, xs: tf.Tensor[], step = 1e-2, tolerance = 5e-3) {
  tf.tidy(() => {
    const gradients = tf.grads(f)(xs)
    for (const [n, x] of xs.entries()) {
      const values = x.dataSync()
      const gradient = gradients[n].dataSync()
      for (let i = 0; i < values.length; i++) {
        const at = (change: number) => {
          const moved = Float32Array.from(values)
          moved[i] += change
          const inputs = xs.map((other, m) => (m === n ? tf.tensor(moved, x.shape) : other))
          return f(...inputs).dataSync()[0]
        }
        const slope = (at(step) - at(-step)) / (2 * step)
        expect(Math.abs(slope - gradient[i]), `input ${n}, entry ${i}: ${slope} and ${gradient[i]}`).toBeLessThan(
          tolerance * Math.max(1, Math.abs(slope)),
        )
      }
    }
  })
}
