import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest, nearestReference } from './nearest.ts'
import { decodeResidual, encodeResidual } from './residual-codes.ts'
import { gaussian } from './vectors.fixture.ts'

test('the SIMD kernel finds the codes of the plain loops, for any shape', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 0, max: 40 }),
    dim: fc.integer({ min: 1, max: 37 }),
    size: fc.integer({ min: 1, max: 41 }),
    seed: fc.integer(),
    priced: fc.boolean(),
  })
  fc.assert(
    fc.property(shape, ({ rows, dim, size, seed, priced }) => {
      const vectors = gaussian(rows, dim, seed)
      const codewords = gaussian(size, dim, seed + 1)
      const prices = priced ? gaussian(1, size, seed + 2).data : undefined
      expect(nearest(vectors, codewords, prices)).toEqual(nearestReference(vectors, codewords, prices))
    }),
    { numRuns: 60 },
  )
})

test('more vectors than a block get the codes of the plain loops', () => {
  const vectors = gaussian(5000, 7, 1)
  const codewords = gaussian(33, 7, 2)
  expect(nearest(vectors, codewords)).toEqual(nearestReference(vectors, codewords))
})

test('of equal codewords the first one is taken', () => {
  const codewords = { data: new Float32Array(12 * 3).fill(0.5), rows: 12, dim: 3 }
  expect(Array.from(nearest(gaussian(9, 3), codewords))).toEqual(new Array(9).fill(0))
})

test('residual codes are nearest codewords of what the levels before have left', () => {
  const vectors = gaussian(300, 5, 4)
  const levels = [1, 2, 3].map((seed) => ({ vectors: gaussian(6 + seed, 5, seed) }))
  const codes = encodeResidual(vectors, levels)
  let left = vectors
  for (const [l, level] of levels.entries()) {
    const expected = nearestReference(left, level.vectors)
    expect(Array.from(expected)).toEqual(Array.from({ length: 300 }, (_, r) => codes.data[r * 3 + l]))
    const data = left.data.slice()
    for (let i = 0; i < data.length; i++) {
      data[i] -= level.vectors.data[expected[Math.floor(i / 5)] * 5 + (i % 5)]
    }
    left = { ...left, data }
  }
  const decoded = decodeResidual(codes, levels)
  for (let i = 0; i < decoded.data.length; i++) expect(decoded.data[i] + left.data[i]).toBeCloseTo(vectors.data[i], 4)
})
