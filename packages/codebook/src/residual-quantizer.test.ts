import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeResidual, wasmBlocks } from './residual-codes.ts'
import { createResidualQuantizer } from './residual-quantizer.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs, gaussian } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

/** The absolute sum of a gradient; what nothing reaches has none. */
function norm(gradient: tf.Tensor | null): number {
  return gradient ? tf.tidy(() => tf.sum(tf.abs(gradient)).dataSync()[0]) : 0
}

describe('a residual quantizer in a training step', () => {
  test('codes are those of encode, and the sum is what they decode to', () => {
    const vectors = blobs(200, 6, 10)
    const quantizer = createResidualQuantizer({ levels: 3, size: 8, dim: 6, random: random(1) })
    quantizer.initialize(vectors)
    const { codes, sum, quantized } = quantizer.quantize(tf.tensor2d(vectors.data, [200, 6]))
    const encoded = quantizer.encode(vectors)
    expect(Array.from(codes.dataSync())).toEqual(Array.from(encoded.data))
    expect(codes.dtype).toBe('int32')
    expect(quantized.length).toBe(3)
    const decoded = quantizer.decode(encoded)
    sum.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(decoded.data[i], 5)
    })
    quantizer.dispose()
  })

  test('a loss on the level-1 codewords reaches them with the quantizer losses off', () => {
    const vectors = blobs(64, 4, 8)
    const quantizer = createResidualQuantizer({ levels: 2, size: 4, dim: 4, random: random(1) })
    const z = tf.tensor2d(vectors.data, [64, 4])
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.square(quantizer.quantize(z).quantized[0])) as tf.Scalar,
      quantizer.variables,
    )
    const [first, second] = quantizer.variables.map((v) => norm(grads[v.name]))
    expect(first).toBeGreaterThan(0)
    expect(second).toBe(0)
    quantizer.dispose()
  })

  test('each loss part reaches what it should and nothing else', () => {
    const vectors = blobs(64, 4, 8)
    const quantizer = createResidualQuantizer({ levels: 2, size: 4, dim: 4, random: random(1) })
    const z = tf.variable(tf.tensor2d(vectors.data, [64, 4]))
    const reach = (part: 'reconstruction' | 'codebook' | 'commitment') => {
      const all = [z, ...quantizer.variables]
      const { grads } = tf.variableGrads(() => quantizer.quantize(z).losses[part], all)
      return all.map((v) => norm(grads[v.name]) > 0)
    }
    expect(reach('reconstruction')).toEqual([true, true, true])
    expect(reach('codebook')).toEqual([false, true, true])
    expect(reach('commitment')).toEqual([true, false, false])
    quantizer.dispose()
  })

  test('the gradient of the sum passes straight through to z', () => {
    const quantizer = createResidualQuantizer({ levels: 2, size: 4, dim: 3, random: random(1) })
    const weights = tf.randomNormal([5, 3], 0, 1, 'float32', 3)
    const gradient = tf.grad((z) => tf.sum(tf.mul(weights, quantizer.quantize(z as tf.Tensor2D).sum)))(
      tf.randomNormal([5, 3], 0, 1, 'float32', 4),
    )
    expect(Array.from(gradient.dataSync())).toEqual(Array.from(weights.dataSync()))
    quantizer.dispose()
  })

  test('no public call leaves a tensor behind', () => {
    const vectors = blobs(64, 4, 8)
    const before = tf.memory().numTensors
    const quantizer = createResidualQuantizer({ levels: 2, size: 4, dim: 4, random: random(1) })
    const z = tf.tensor2d(vectors.data, [64, 4])
    const own = tf.memory().numTensors
    tf.tidy(() => void quantizer.quantize(z))
    const { value, grads } = tf.variableGrads(() => quantizer.quantize(z).losses.total, quantizer.variables)
    tf.dispose([value, grads])
    const made = quantizer.quantize(z)
    quantizer.observe(made.codes)
    tf.dispose([made.codes, made.quantized, made.sum, made.losses])
    quantizer.initialize(vectors)
    quantizer.reviveDead(vectors, { below: 2 })
    const codes = quantizer.encode(vectors)
    quantizer.decode(codes)
    quantizer.health(codes, vectors)
    expect(tf.memory().numTensors).toBe(own)
    quantizer.dispose()
    z.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})

test.each([
  { balance: { by: 'sinkhorn' } },
  { balance: { by: 'entropy' } },
  { balance: { by: 'capacity' }, gradient: 'rotation' },
  { update: 'average' },
] as const)('a training step with %o leaves no tensor behind and has finite losses', (options) => {
  const vectors = blobs(64, 4, 8)
  const quantizer = createResidualQuantizer({ size: [4, 4], dim: 4, ...options, random: random(1) })
  const z = tf.variable(tf.tensor2d(vectors.data, [64, 4]))
  const before = tf.memory().numTensors
  const { value, grads } = tf.variableGrads(() => quantizer.quantize(z).losses.total, [z, ...quantizer.variables])
  expect(Number.isFinite(value.dataSync()[0])).toBe(true)
  for (const gradient of Object.values(grads)) expect(norm(gradient)).toBeGreaterThan(0)
  tf.dispose([value, grads])
  const made = quantizer.quantize(z)
  quantizer.observe(made.codes, z)
  tf.dispose([made.codes, made.quantized, made.sum, made.losses])
  quantizer.rebalance(vectors)
  expect(tf.memory().numTensors).toBe(before)
  z.dispose()
  quantizer.dispose()
})

test('encoding by the backend and by the SIMD kernel gives the same codes and remainders', () => {
  const vectors = gaussian(5000, 16)
  const levels = [1, 2, 3].map((seed) => ({ vectors: gaussian(40, 16, seed), prices: gaussian(1, 40, seed + 9).data }))
  const left = new Float32Array(vectors.data.length)
  const codes = encodeResidual(vectors, levels, (block, start, rows) =>
    left.set(block.subarray(0, rows * 16), start * 16),
  )
  const kernel = wasmBlocks(levels)
  for (let start = 0; start < 5000; start += kernel.rows) {
    const rows = Math.min(kernel.rows, 5000 - start)
    const block = vectors.data.slice(start * 16, (start + rows) * 16)
    const found = new Uint16Array(rows * 3)
    kernel.encode(block, rows, found, true)
    expect(found).toEqual(codes.data.slice(start * 3, (start + rows) * 3))
    for (let i = 0; i < block.length; i += 97) expect(block[i]).toBeCloseTo(left[start * 16 + i], 4)
  }
})
