import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tieHash } from './random.ts'
import { topK } from './top-k.ts'

/** The definition, written out: sort everything that is allowed. */
function reference(scores: Float32Array, k: number, mask: Uint8Array, skip: Int32Array, seed: number) {
  return Array.from(scores, (score, item) => ({ score, item }))
    .filter(({ score, item }) => score > Number.NEGATIVE_INFINITY && mask[item] === 1 && !skip.includes(item))
    .sort((a, b) => b.score - a.score || tieHash(a.item, seed) - tieHash(b.item, seed))
    .slice(0, k)
}

test('the k best are those of a full sort, ties and masks and all', () => {
  const score = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.float({ noNaN: false }),
    fc.constant(Number.NEGATIVE_INFINITY),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(score, fc.boolean(), fc.boolean()), { maxLength: 60 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 5 }),
      (rows, k, seed) => {
        const scores = Float32Array.from(rows, ([s]) => s)
        const mask = Uint8Array.from(rows, ([, allowed]) => (allowed ? 1 : 0))
        const skip = Int32Array.from(rows.flatMap(([, , skipped], item) => (skipped ? [item] : [])))
        const expected = reference(scores, k, mask, skip, seed)
        const found = topK(scores, k, { mask, skip, seed })
        expect(Array.from(found.items)).toEqual(expected.map(({ item }) => item))
        expect(Array.from(found.scores)).toEqual(expected.map((entry) => entry.score))
      },
    ),
    { numRuns: 500 },
  )
})

test('scores of a part of the catalogue keep their item numbers', () => {
  expect(Array.from(topK(Float32Array.of(1, 3, 2), 2, { first: 10 }).items)).toEqual([11, 12])
})
