import { csr, random } from '@sparc/tables'
import { expect, test } from 'vitest'
import { spectralVectors } from './spectral.ts'

/** The definition, written out: power iteration with deflation on the dense `N^T N`. */
function reference(rows: number[][], items: number, dim: number): number[][] {
  const counts = new Array(items).fill(0)
  for (const row of rows) for (const item of row) counts[item]++
  const gram = Array.from({ length: items }, () => new Array(items).fill(0))
  for (const row of rows) {
    for (const i of row) for (const j of row) gram[i][j] += 1 / (row.length * Math.sqrt(counts[i] * counts[j]))
  }
  const vectors = Array.from({ length: items }, () => new Array(dim).fill(0))
  for (let d = 0; d < dim; d++) {
    let x = Array.from({ length: items }, (_, i) => Math.sin(i * 7.3 + d) + 0.1)
    let value = 0
    for (let iteration = 0; iteration < 5000; iteration++) {
      const y = gram.map((row) => row.reduce((sum, g, j) => sum + g * x[j], 0))
      value = Math.hypot(...y)
      x = y.map((y) => y / value)
    }
    for (let i = 0; i < items; i++) {
      vectors[i][d] = x[i] * value ** 0.25
      for (let j = 0; j < items; j++) gram[i][j] -= value * x[i] * x[j]
    }
  }
  return vectors.map((row) => {
    const norm = Math.hypot(...row)
    return row.map((value) => (norm > 1e-12 ? value / norm : 0))
  })
}

// Signs and bases of eigenvectors are free; cosines between items are not.
const cosine = (vectors: ArrayLike<number>, dim: number, i: number, j: number) => {
  let sum = 0
  for (let d = 0; d < dim; d++) sum += vectors[i * dim + d] * vectors[j * dim + d]
  return sum
}

test('cosines between items are those of a plain eigendecomposition', async () => {
  const source = random(4)
  const items = 24
  // Four groups of items of unlike sizes, with some noise: the first four eigenvalues stand apart from the rest.
  const groupOf = (item: number) => (item < 10 ? 0 : item < 17 ? 1 : item < 21 ? 2 : 3)
  const rows = Array.from({ length: 300 }, (_, user) => {
    const draw = () => {
      for (;;) {
        const item = source.int(items)
        if (groupOf(item) === user % 4 || source.next() < 0.02) return item
      }
    }
    return Array.from({ length: 4 + source.int(5) }, draw).filter((item, at, all) => all.indexOf(item) === at)
  })
  const dim = 4
  const found = await spectralVectors(csr(rows), items, dim, random(1))
  const expected = reference(rows, items, dim).flat()
  for (let i = 0; i < items; i++) {
    for (let j = 0; j < items; j++) expect(cosine(found, dim, i, j)).toBeCloseTo(cosine(expected, dim, i, j), 3)
  }
})

test('items of two separate groups of users are orthogonal between the groups and equal inside', async () => {
  const rows = [
    [0, 1, 2],
    [0, 1, 2],
    [3, 4],
    [3, 4],
    [3, 4],
  ]
  const found = await spectralVectors(csr(rows), 6, 2, random(1))
  expect(cosine(found, 2, 0, 1)).toBeCloseTo(1, 5)
  expect(cosine(found, 2, 3, 4)).toBeCloseTo(1, 5)
  expect(cosine(found, 2, 0, 3)).toBeCloseTo(0, 5)
  expect(Array.from(found.subarray(10))).toEqual([0, 0])
})

test('more dimensions than the data has are filled with zeros', async () => {
  const found = await spectralVectors(csr([[0, 1]]), 2, 8, random(1))
  expect(found.length).toBe(16)
  expect(found.every(Number.isFinite)).toBe(true)
})
