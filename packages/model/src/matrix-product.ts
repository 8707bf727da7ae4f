import type { Matrix } from '@sparc/tables'
import { loadTensorflow } from './tensorflow.ts'

/** `[rows, dim]` vectors to their products with all items, `[rows, items]`, row major. */
export type Multiply = (vectors: Float32Array, rows: number, dim: number) => Float32Array

/** Something that multiplies vectors with one fixed set of items. */
export interface ItemScorer {
  multiply: Multiply
  /** Frees the items' tensor. */
  dispose(): void
}

/** The products in plain loops: the reference, and what is left where no TensorFlow is. `[rows, dim] x [items, dim]` */
export function multiplyPlain(items: Matrix): Multiply {
  return (vectors, rows, dim) => {
    const products = new Float32Array(rows * items.rows)
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < items.rows; i++) {
        let sum = 0
        for (let d = 0; d < dim; d++) sum += vectors[r * dim + d] * items.data[i * dim + d]
        products[r * items.rows + i] = sum
      }
    }
    return products
  }
}

/** Keeps the items as one tensor of the TensorFlow backend that `loadTensorflow` picks, and multiplies there. */
export async function itemScorer(items: Matrix): Promise<ItemScorer> {
  const { backend } = await loadTensorflow()
  if (backend === 'cpu') return { multiply: multiplyPlain(items), dispose: () => undefined }
  const tf = await import('@tensorflow/tfjs')
  const tensor = tf.tensor2d(items.data, [items.rows, items.dim])
  return {
    multiply(vectors, rows, dim) {
      const product = tf.tidy(() => tf.matMul(tf.tensor2d(vectors, [rows, dim]), tensor, false, true))
      // Read outside of tidy, which would look for tensors in every element of a returned array.
      const data = product.dataSync()
      product.dispose()
      return data instanceof Float32Array ? data : Float32Array.from(data)
    },
    dispose: () => tensor.dispose(),
  }
}
