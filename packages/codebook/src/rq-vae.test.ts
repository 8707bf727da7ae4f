import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, test } from 'vitest'
import { createResidualQuantizer } from './residual-quantizer.ts'
import { createRqVae } from './rq-vae.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

const SMALL = { dim: 8, hidden: [16], latent: 4, size: [8, 8], warmUp: 10 }

test('learns to reconstruct through its codes', async () => {
  const vectors = blobs(800, 8, 24)
  const quantizer = createRqVae({ ...SMALL, random: random(3) })
  quantizer.initialize(vectors)
  const before = quantizer.health(quantizer.encode(vectors), vectors).reconstruction ?? 0
  const { health } = await quantizer.fit(vectors, { epochs: 12, batch: 200, learningRate: 3e-3 })
  expect(health.reconstruction).toBeLessThan(before)
  expect(health.levels.map((level) => level.usage)).toEqual([1, 1])
  expect(quantizer.decode(quantizer.encode(vectors)).dim).toBe(8)
  quantizer.dispose()
})

test('its training step decodes what decode decodes, and trains every part', () => {
  const vectors = blobs(50, 8, 24)
  const quantizer = createRqVae({ ...SMALL, random: random(3) })
  const x = tf.tensor2d(vectors.data, [50, 8])
  const { decoded, codes, losses } = quantizer.quantize(x)
  const expected = quantizer.decode(quantizer.encode(vectors))
  expect(Array.from(codes.dataSync())).toEqual(Array.from(quantizer.encode(vectors).data))
  decoded.dataSync().forEach((value, i) => {
    expect(value).toBeCloseTo(expected.data[i], 4)
  })
  let error = 0
  for (let i = 0; i < vectors.data.length; i++) error += (vectors.data[i] - expected.data[i]) ** 2 / vectors.data.length
  expect(losses.reconstruction.dataSync()[0]).toBeCloseTo(error, 4)
  const { grads } = tf.variableGrads(() => quantizer.quantize(x).losses.total, quantizer.variables)
  for (const variable of quantizer.variables) {
    expect(tf.sum(tf.abs(grads[variable.name])).dataSync()[0]).toBeGreaterThan(0)
  }
  quantizer.dispose()
})

test('with the identity for an encoder it is the residual quantizer', async () => {
  const vectors = blobs(300, 5, 10)
  const options = { dim: 5, size: [6, 6] }
  const plain = createResidualQuantizer({ ...options, random: random(3) })
  const identity = createRqVae({ ...options, encoder: 'identity', random: random(3) })
  await plain.fit(vectors, { epochs: 2 })
  await identity.fit(vectors, { epochs: 2 })
  expect(identity.latent).toBe(5)
  expect(identity.encode(vectors)).toEqual(plain.encode(vectors))
  expect(identity.variables.length).toBe(plain.variables.length)
  plain.dispose()
  identity.dispose()
})
