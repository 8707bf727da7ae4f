import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, test } from 'vitest'
import { pickBackend } from './tensorflow.fixture.ts'
import { createVectorQuantizer } from './vector-quantizer.ts'
import { blobs, gaussian } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

test('as many codes as there are groups find the groups', async () => {
  const vectors = blobs(600, 8, 12)
  const quantizer = createVectorQuantizer({ size: 12, dim: 8, random: random(4) })
  const { health } = await quantizer.fit(vectors, { epochs: 3 })
  expect(health.levels[0].usage).toBe(1)
  expect(health.reconstruction).toBeLessThan(0.15)
  expect(quantizer.kind).toBe('vector')
  quantizer.dispose()
})

test('with cosine, the length of a vector makes no difference and decoding gives length 1', async () => {
  const vectors = gaussian(300, 5)
  const quantizer = createVectorQuantizer({ size: 16, dim: 5, metric: 'cosine', random: random(4) })
  await quantizer.fit(vectors, { epochs: 2 })
  const codes = quantizer.encode(vectors)
  const scaled = vectors.data.map((value, i) => value * (1 + (Math.floor(i / 5) % 7)))
  expect(quantizer.encode(scaled)).toEqual(codes)
  const decoded = quantizer.decode(codes)
  for (let r = 0; r < 300; r++) expect(Math.hypot(...decoded.data.subarray(r * 5, r * 5 + 5))).toBeCloseTo(1, 5)
  const cosine = (r: number, words: ArrayLike<number>, c: number) => {
    let dot = 0
    let square = 0
    for (let d = 0; d < 5; d++) {
      dot += vectors.data[r * 5 + d] * words[c * 5 + d]
      square += words[c * 5 + d] ** 2
    }
    return dot / Math.sqrt(square)
  }
  const words = quantizer.codewords(0).dataSync()
  for (let r = 0; r < 300; r++) {
    const scores = Array.from({ length: 16 }, (_, c) => cosine(r, words, c))
    expect(scores[codes.data[r]]).toBeCloseTo(Math.max(...scores), 5)
  }
  quantizer.dispose()
})

test('moving averages follow their definition, and give codewords no gradient', () => {
  const [size, dim, rows, decay] = [4, 3, 40, 0.9]
  const vectors = gaussian(rows, dim)
  const quantizer = createVectorQuantizer({ size, dim, update: 'average', decay, random: random(4) })
  const words = Float32Array.from(quantizer.codewords(0).dataSync())
  const z = tf.tensor2d(vectors.data, [rows, dim])
  const made = quantizer.quantize(z)
  const codes = made.codes.dataSync()
  quantizer.observe(made.codes, z)
  const counts = new Array(size).fill(decay)
  const sums = Array.from(words, (value) => value * decay)
  for (let r = 0; r < rows; r++) {
    counts[codes[r]] += 1 - decay
    for (let d = 0; d < dim; d++) sums[codes[r] * dim + d] += (1 - decay) * vectors.data[r * dim + d]
  }
  const moved = quantizer.codewords(0).dataSync()
  for (let i = 0; i < sums.length; i++) expect(moved[i]).toBeCloseTo(sums[i] / counts[Math.floor(i / dim)], 3)
  expect(quantizer.variables).toEqual([])
  expect(() => quantizer.observe(made.codes)).toThrow(/moving averages need the vectors/)
  quantizer.dispose()
})

test('moving averages learn without an optimizer', async () => {
  const vectors = blobs(800, 6, 20)
  const quantizer = createVectorQuantizer({ size: 20, dim: 6, update: 'average', decay: 0.8, random: random(4) })
  const events: number[] = []
  const start = (await quantizer.fit(vectors, { epochs: 0 })).health.reconstruction ?? 0
  const report = await quantizer.fit(vectors, {
    epochs: 4,
    batch: 100,
    onEvent: (event) => {
      if (event.type === 'health') events.push(event.health.reconstruction ?? 0)
    },
  })
  expect(events.length).toBe(4)
  expect(report.steps).toBe(32)
  expect(report.health.reconstruction).toBeLessThanOrEqual(start * 1.2)
  quantizer.dispose()
})

test('a code that nothing uses is revived where vectors are, and used from then on', () => {
  const vectors = blobs(200, 3, 6)
  const quantizer = createVectorQuantizer({ size: 8, dim: 3, usageDecay: 0.5, random: random(4) })
  quantizer.initialize(vectors)
  const far = quantizer.state()
  far['codewords.0'].fill(1000, 0, 3)
  quantizer.restore(far)
  for (let step = 0; step < 6; step++) quantizer.observe(quantizer.encode(vectors))
  expect(quantizer.health(quantizer.encode(vectors)).levels[0].usage).toBeLessThan(1)
  const revived = quantizer.reviveDead(vectors)
  expect(revived[0]).toContain(0)
  const codes = quantizer.encode(vectors)
  for (const code of revived[0]) expect(codes.data).toContain(code)
  expect(quantizer.reviveDead(vectors)).toEqual([[]])
  quantizer.dispose()
})

test('the codes of a catalogue can be counted instead of what was observed', () => {
  const vectors = blobs(200, 3, 6)
  const quantizer = createVectorQuantizer({ size: 8, dim: 3, random: random(4) })
  quantizer.initialize(vectors)
  const codes = quantizer.encode(vectors)
  const shifted = { levels: 1, data: codes.data.map((code) => (code === 5 ? 4 : code)) }
  expect(quantizer.reviveDead(vectors)).toEqual([[]])
  expect(quantizer.reviveDead(vectors, { codes, below: 1e-9 })).toEqual([[]])
  expect(quantizer.reviveDead(vectors, { codes: shifted, below: 1e-9 })).toEqual([[5]])
  quantizer.dispose()
})

test('the rotation trick and straight-through have one value and different gradients', () => {
  const z = tf.tensor2d(gaussian(10, 4).data, [10, 4])
  const gradients = (['straight-through', 'rotation'] as const).map((gradient) => {
    const quantizer = createVectorQuantizer({ size: 4, dim: 4, gradient, random: random(4) })
    const loss = (x: tf.Tensor) => tf.sum(tf.square(quantizer.quantize(x as tf.Tensor2D).sum))
    const { value, grad } = tf.valueAndGrad(loss)(z)
    quantizer.dispose()
    return { value: value.dataSync()[0], gradient: Array.from(grad.dataSync()) }
  })
  expect(gradients[0].value).toBe(gradients[1].value)
  expect(gradients[0].gradient).not.toEqual(gradients[1].gradient)
})
