import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '@sparc/tables'
import { expect, it } from 'vitest'
import { KERNEL_SOURCE } from './kernel-bytes.ts'
import { flatLayout, type Layout } from './layout.ts'
import { Arena } from './memory.ts'
import { byteLayout, integerMargin, trainScalarQuantizer } from './scalar-quantizer.ts'

it('the committed bytes were compiled from the source beside them', () => {
  const source = readFileSync(join(import.meta.dirname, '../../kernel/scan.ts'))
  expect(createHash('sha256').update(source).digest('hex')).toBe(KERNEL_SOURCE)
})

const dims = [1, 2, 3, 7, 16, 33, 64]

function rowsIn(layout: Layout, vectors: Float32Array, rows: number, dim: number) {
  const arena = new Arena()
  const region = arena.take(Math.ceil(rows / 16) * layout.blockBytes)
  if (!region) throw new Error('no memory')
  for (let r = 0; r < rows; r++) layout.write(arena, region.at, r, vectors, r * dim)
  return { arena, at: region.at }
}

it.each(dims)('float rows of %i dimensions are scored like plain loops, and read back as they were', (dim) => {
  const source = random(dim)
  const rows = 40
  const vectors = Float32Array.from({ length: rows * dim }, () => source.normal())
  const query = Float32Array.from({ length: dim }, () => source.normal())
  const layout = flatLayout(dim)
  const { arena, at } = rowsIn(layout, vectors, rows, dim)
  layout.prepare(arena, query, 0)
  const expected = Array.from({ length: rows }, (_, r) =>
    query.reduce((sum, q, d) => sum + q * vectors[r * dim + d], 0),
  )
  const threshold = [...expected].sort((a, b) => b - a)[9]
  const found = layout.scan(arena, at, 3, threshold - 1e-3, 0)
  const scores = new Float64Array(rows)
  layout.scores(arena, found, scores)
  const hits = new Map(Array.from({ length: found }, (_, i) => [arena.ints[(arena.out >> 2) + 2 * i], scores[i]]))
  for (let r = 0; r < rows; r++) {
    if (expected[r] >= threshold) expect(hits.get(r)).toBeCloseTo(expected[r], 4)
    if (expected[r] < threshold - 2e-3) expect(hits.has(r)).toBe(false)
  }
  const back = new Float32Array(dim)
  layout.read(arena, at, 17, back, 0)
  expect(back).toEqual(vectors.slice(17 * dim, 18 * dim))
})

it.each(dims)('byte rows of %i dimensions are scored within the margin that they claim', (dim) => {
  const source = random(100 + dim)
  const rows = 48
  const vectors = Float32Array.from({ length: rows * dim }, () => source.normal())
  const query = Float32Array.from({ length: dim }, () => 3 * source.normal())
  const quantizer = trainScalarQuantizer(vectors, dim)
  const layout = byteLayout(dim, quantizer)
  const { arena, at } = rowsIn(layout, vectors, rows, dim)
  layout.prepare(arena, query, 0)
  expect(layout.scan(arena, at, 3, Number.NEGATIVE_INFINITY, 0)).toBe(rows)
  const scores = new Float64Array(rows)
  layout.scores(arena, rows, scores)
  const margin = integerMargin(quantizer, query, 0)
  const back = new Float32Array(dim)
  for (let r = 0; r < rows; r++) {
    layout.read(arena, at, r, back, 0)
    const exact = back.reduce((sum, value, d) => sum + value * query[d], 0)
    expect(Math.abs(scores[r] - exact)).toBeLessThan(margin + 1e-5)
    for (let d = 0; d < dim; d++) {
      expect(Math.abs(back[d] - vectors[r * dim + d])).toBeLessThan(0.51 * quantizer.step[d] + 1e-6)
    }
  }
})

it('memory that is given back is used again, and comes as zeros', () => {
  const arena = new Arena()
  const regions = Array.from({ length: 6 }, (_, i) => arena.take(1000 * (i + 1)))
  for (const region of regions) if (region) arena.bytes.fill(7, region.at, region.at + region.bytes)
  const before = arena.bytes.length
  for (const i of [1, 3, 2, 0, 5, 4]) {
    const region = regions[i]
    if (region) arena.give(region)
  }
  const whole = arena.take(21_000)
  expect(arena.bytes.length).toBe(before)
  expect(whole?.at).toBe(regions[0]?.at)
  expect(new Set(arena.bytes.subarray(whole?.at, (whole?.at ?? 0) + 21_000))).toEqual(new Set([0]))
})
