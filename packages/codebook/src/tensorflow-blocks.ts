import * as tf from '@tensorflow/tfjs'
import { biases } from './nearest.ts'
import type { Blocks, Level } from './residual-codes.ts'

/** Products of a block and a codebook hold at most this many numbers: 8 MB. */
const PRODUCTS = 2 ** 21

/** Blocks by TensorFlow's matrix products, on all the threads that it has. */
export function tensorflowBlocks(levels: readonly Level[]): Blocks {
  const made = levels.map(({ vectors, prices }) => ({
    words: tf.tensor2d(vectors.data, [vectors.rows, vectors.dim]),
    bias: tf.tidy(() => tf.neg(tf.tensor1d(biases(vectors, prices)))),
  }))
  const { dim } = levels[0].vectors
  const largest = Math.max(...levels.map(({ vectors }) => vectors.rows))
  return {
    rows: Math.max(1, Math.min(8192, Math.floor(PRODUCTS / largest))),
    encode(block, rows, codes, remainder) {
      tf.tidy(() => {
        // A view of the memory: TensorFlow copies it at once.
        let residual = tf.tensor2d(block.subarray(0, rows * dim), [rows, dim])
        const found: tf.Tensor1D[] = []
        for (const [l, { words, bias }] of made.entries()) {
          const scores = tf.fused.matMul({ a: residual, b: words, transposeB: true, bias })
          found.push(tf.argMax(scores, 1))
          scores.dispose()
          if (l + 1 < made.length || remainder) residual = tf.sub(residual, tf.gather(words, found[l]))
        }
        for (const [l, tensor] of found.entries()) {
          const data = tensor.dataSync()
          for (let r = 0; r < rows; r++) codes[r * made.length + l] = data[r]
        }
        if (remainder) block.set(residual.dataSync())
      })
    },
    dispose: () => tf.dispose(made),
  }
}
