import * as tf from '@tensorflow/tfjs'
import { expect, test, vi } from 'vitest'
import { loadTensorflow } from '../tensorflow.ts'
import { gatherColumns } from './gather-columns.ts'

test('on WebAssembly each row gives its own columns', async () => {
  vi.stubEnv('SPARC_BACKEND', 'wasm')
  expect((await loadTensorflow()).backend).toBe('wasm')
  const x = tf.randomNormal([256, 64], 0, 1, 'float32', 7) as tf.Tensor2D
  const { values, indices } = tf.topk(x, 4)
  expect(gatherColumns(x, indices as tf.Tensor2D).arraySync()).toEqual(values.arraySync())
})
