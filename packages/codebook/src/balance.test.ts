import { type Matrix, random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { entropyTerm, sinkhornCodes } from './balance.ts'
import { encodeWithin } from './encode-within.ts'
import { collisionRate } from './health.ts'
import { residualKMeans } from './initialize.ts'
import { nearest } from './nearest.ts'
import { capacityPrices } from './prices.ts'
import { encodeResidual } from './residual-codes.ts'
import { createResidualQuantizer } from './residual-quantizer.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs, gaussian } from './vectors.fixture.ts'
import type { Codes } from './vectors.ts'

beforeAll(async () => {
  await pickBackend()
})

/** Vectors of which nine in ten lie around one centre. */
function lopsided(rows: number, dim: number): Matrix {
  const matrix = gaussian(rows, dim, 5)
  for (let r = 0; r < rows; r++) if (r % 10 === 0) for (let d = 0; d < dim; d++) matrix.data[r * dim + d] += 4
  return matrix
}

const counts = (codes: ArrayLike<number>, size: number) => {
  const all = new Array(size).fill(0)
  for (let i = 0; i < codes.length; i++) all[codes[i]]++
  return all
}

describe('prices', () => {
  test.each([1, 1.25, 2])('keep every code within %d times its fair share', (capacity) => {
    const vectors = lopsided(1000, 4)
    const codewords = blobs(16, 4, 16)
    const plain = counts(nearest(vectors, codewords), 16)
    expect(Math.max(...plain)).toBeGreaterThan(3 * 62.5)
    const prices = capacityPrices(vectors, codewords, random(1), { capacity, sweeps: 60 })
    const priced = counts(nearest(vectors, codewords, prices), 16)
    expect(Math.max(...priced)).toBeLessThanOrEqual(Math.ceil(capacity * 62.5 * 1.02) + 2)
    expect(Math.min(...prices)).toBe(0)
  })

  test('leave codes alone that are within their capacity', () => {
    const vectors = blobs(400, 3, 4)
    expect(Array.from(capacityPrices(vectors, blobs(4, 3, 4, 9), random(1), { capacity: 4 }))).toEqual([0, 0, 0, 0])
  })

  test('cost the least reconstruction that the capacity allows', () => {
    // Two codes at 0 and 1, vectors at .1 .. .4 and .9: at most 3 each, so the nearest to the second moves: .4.
    const vectors = { data: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.9), rows: 5, dim: 1 }
    const codewords = { data: Float32Array.of(0, 1), rows: 2, dim: 1 }
    const prices = capacityPrices(vectors, codewords, random(1), { capacity: 1.2 })
    expect(Array.from(nearest(vectors, codewords, prices))).toEqual([0, 0, 0, 1, 1])
  })
})

describe('Sinkhorn', () => {
  test('spreads a lopsided batch evenly over the codes', () => {
    const source = random(3)
    const distances = Float32Array.from({ length: 256 * 8 }, (_, i) => source.next() + (i % 8 === 0 ? 0 : 0.8))
    const plain = counts(tf.argMin(tf.tensor2d(distances, [256, 8]), 1).dataSync(), 8)
    const spread = counts(sinkhornCodes(tf.tensor2d(distances, [256, 8]), 0.05, 100).dataSync(), 8)
    expect(Math.max(...plain)).toBeGreaterThan(150)
    expect(Math.max(...spread)).toBeLessThan(48)
    expect(Math.min(...spread)).toBeGreaterThan(16)
  })

  test('of a balanced batch takes the nearest', () => {
    const distances = tf.tensor2d([0, 1, 1, 0, 0.2, 0.9, 0.8, 0.1], [4, 2])
    expect(Array.from(sinkhornCodes(distances, 0.05, 20).dataSync())).toEqual([0, 1, 0, 1])
  })
})

test('the entropy term is -1 for certain and balanced codes, 0 for collapsed ones', () => {
  const term = (rows: number[][]) => entropyTerm(tf.tensor2d(rows), 0.01, tf.scalar(1)).dataSync()[0]
  expect(term([[0, 1], [1, 0]])).toBeCloseTo(-1, 3) // biome-ignore format: a matrix
  expect(term([[0, 1], [0, 1]])).toBeCloseTo(0, 3) // biome-ignore format: a matrix
})

describe('distinct codes', () => {
  test('no two rows share them while there is room, and rows without a conflict keep theirs', () => {
    const vectors = gaussian(90, 4, 5)
    const levels = [...residualKMeans(vectors, [5, 5, 5], random(1))]
    const plain = encodeResidual(vectors, levels)
    const distinct = encodeWithin(vectors, levels, { distinct: true })
    expect(collisionRate(plain)).toBeGreaterThan(0.2)
    expect(collisionRate(distinct)).toBe(0)
    const kept = Array.from({ length: 90 }, (_, r) => r).filter((r) =>
      [0, 1, 2].every((l) => plain.data[r * 3 + l] === distinct.data[r * 3 + l]),
    )
    expect(kept.length).toBeGreaterThan(20)
  })

  test('a capacity holds for every code of the first level, to the row', () => {
    const vectors = lopsided(500, 4)
    const levels = [...residualKMeans(blobs(200, 4, 20), [8, 8], random(1))]
    const first = (codes: Codes) =>
      counts(
        codes.data.filter((_, i) => i % 2 === 0),
        8,
      )
    expect(Math.max(...first(encodeResidual(vectors, levels)))).toBeGreaterThan(100)
    const capped = encodeWithin(vectors, levels, { capacity: 1.2 })
    expect(Math.max(...first(capped))).toBe(75)
    expect(() => encodeWithin(vectors, levels, { capacity: 1.2, distinct: true })).toThrow(/more vectors than codes/)
  })

  test('as many rows as codes fill them all', () => {
    const levels = [gaussian(4, 3, 1), gaussian(4, 3, 2)].map((matrix) => ({ vectors: matrix }))
    const distinct = encodeWithin(blobs(16, 3, 2), levels, { distinct: true })
    expect(collisionRate(distinct)).toBe(0)
    expect(() => encodeWithin(blobs(17, 3, 2), levels, { distinct: true })).toThrow(/more vectors than codes/)
  })
})

describe('a balanced quantizer', () => {
  test.each([{ by: 'capacity' }, { by: 'sinkhorn' }, { by: 'entropy' }] as const)(
    'fitted with %o uses every code and keeps to its capacity, in training and encoding alike',
    async (balance) => {
      const vectors = lopsided(1500, 6)
      const plain = createResidualQuantizer({ size: [16, 16], dim: 6, random: random(2) })
      const unbalanced = await plain.fit(vectors, { epochs: 1 })
      const quantizer = createResidualQuantizer({ size: [16, 16], dim: 6, balance, random: random(2) })
      const { health } = await quantizer.fit(vectors, { epochs: 2, batch: 256 })
      const [level] = health.levels
      expect(level.usage).toBe(1)
      expect(level.perplexity).toBeGreaterThan(0.9 * 16)
      expect(level.largest).toBeLessThan(1.4 / 16)
      expect(level.largest).toBeLessThan(unbalanced.health.levels[0].largest)
      plain.dispose()
      quantizer.dispose()
    },
  )

  test('rebalances codes that have become lopsided', () => {
    const quantizer = createResidualQuantizer({ size: 16, levels: 2, dim: 6, random: random(2) })
    quantizer.initialize(blobs(500, 6, 30))
    const vectors = lopsided(1000, 6)
    const before = quantizer.health(quantizer.encode(vectors)).levels[0].largest
    quantizer.rebalance(vectors, { capacity: 1.2 })
    const codes = quantizer.encode(vectors)
    expect(quantizer.health(codes).levels[0].largest).toBeLessThan(1.3 / 16)
    expect(before).toBeGreaterThan(0.12)
    const stepped = tf.tidy(() => quantizer.quantize(tf.tensor2d(vectors.data, [1000, 6])).codes.dataSync())
    expect(Array.from(stepped)).toEqual(Array.from(codes.data))
    quantizer.dispose()
  })
})
