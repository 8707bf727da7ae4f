import { topKHeap } from '@sparc/tables'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { kBest } from './k-best.ts'

const score = fc.oneof(
  fc.float(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-0, Number.NaN, -Infinity, Infinity),
)

test('keeps what a heap keeps, in the same order', () => {
  fc.assert(
    fc.property(fc.array(score, { maxLength: 900 }), fc.integer({ min: 0, max: 400 }), (scores, k) => {
      const best = kBest(k)
      const heap = topKHeap(k)
      for (const [item, one] of scores.entries()) {
        best.push(item, one)
        heap.push(item, one)
      }
      const expected = heap.drain()
      const [items, kept] = [new Int32Array(k + 1), new Float32Array(k + 1)]
      const count = best.drain(items, kept, 1)
      expect([...items.subarray(1, 1 + count)]).toEqual([...expected.items])
      expect([...kept.subarray(1, 1 + count)]).toEqual([...expected.scores])
    }),
  )
})

test('keeps the best of far more than it has room for', () => {
  const best = kBest(3000)
  for (let item = 0; item < 50_000; item++) best.push(item, (item * 7919) % 50_021)
  const scores = new Float32Array(3000)
  expect(best.drain(new Int32Array(3000), scores, 0)).toBe(3000)
  expect(scores[0]).toBe(50_020)
  expect(scores.every((one, n) => n === 0 || one < scores[n - 1])).toBe(true)
})
