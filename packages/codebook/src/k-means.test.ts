import { random } from '@sparc/tables'
import { expect, test } from 'vitest'
import { kMeans, kMeansPlusPlus } from './k-means.ts'
import { nearest } from './nearest.ts'
import { blobs, gaussian } from './vectors.fixture.ts'

test('k-means++ draws each next centre by its squared distance from the ones before', () => {
  // One far vector among many equal ones: after any first draw the other kind must come second.
  const data = new Float32Array(100).fill(1)
  data[37] = 50
  for (let seed = 1; seed <= 20; seed++) {
    const centres = kMeansPlusPlus({ data, rows: 100, dim: 1 }, 2, random(seed))
    expect(Array.from(centres.data).sort((a, b) => a - b)).toEqual([1, 50])
  }
})

test('with fewer distinct vectors than centres, every distinct vector becomes one', () => {
  const data = Float32Array.from({ length: 40 }, (_, r) => r % 3)
  const centres = kMeans({ data, rows: 40, dim: 1 }, 6, random(1))
  expect(new Set(centres.data)).toEqual(new Set([0, 1, 2]))
})

test('centres are the means of the vectors that are nearest to them', () => {
  const vectors = blobs(500, 3, 6)
  const centres = kMeans(vectors, 6, random(1), { iterations: 60 })
  const codes = nearest(vectors, centres)
  for (let c = 0; c < 6; c++) {
    const rows = Array.from(codes.keys()).filter((r) => codes[r] === c)
    for (let d = 0; d < 3; d++) {
      const mean = rows.reduce((sum, r) => sum + vectors.data[r * 3 + d], 0) / rows.length
      expect(centres.data[c * 3 + d]).toBeCloseTo(mean, 4)
    }
  }
})

test('the same seed gives the same centres, and no round of it raises the error', () => {
  const vectors = gaussian(400, 4)
  expect(kMeans(vectors, 9, random(5))).toEqual(kMeans(vectors, 9, random(5)))
  const errors = [0, 1, 2, 4, 8, 16].map((iterations) => {
    const centres = kMeans(vectors, 9, random(5), { iterations })
    const codes = nearest(vectors, centres)
    return vectors.data.reduce((sum, x, i) => sum + (x - centres.data[codes[Math.floor(i / 4)] * 4 + (i % 4)]) ** 2, 0)
  })
  for (let i = 1; i < errors.length; i++) expect(errors[i]).toBeLessThanOrEqual(errors[i - 1] * (1 + 1e-6))
})

test('spherical centres have length 1', () => {
  const centres = kMeans(gaussian(200, 5), 7, random(1), { spherical: true })
  for (let c = 0; c < 7; c++) expect(Math.hypot(...centres.data.subarray(c * 5, c * 5 + 5))).toBeCloseTo(1, 5)
})
