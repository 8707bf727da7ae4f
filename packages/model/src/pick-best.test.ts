import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { topKHeap } from '@sparc/tables'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BlockScores } from './item-scorer.ts'
import { createPicker } from './pick-best.ts'
import { KERNEL_SOURCE } from './pick-kernel-bytes.ts'

test('the compiled kernel is that of the source', () => {
  const source = readFileSync(join(import.meta.dirname, '../kernel/pick.ts'))
  expect(KERNEL_SOURCE).toBe(createHash('sha256').update(source).digest('hex'))
})

/** One user's scores as runs of `width`, their largest told where `told`; the last run is filled with the last score. */
function block(users: number[][], items: number, width: number, told: boolean): BlockScores {
  const groups = 4 * Math.ceil(items / width / 4)
  const runs = users.flatMap((scores) =>
    Array.from({ length: groups }, (_, g) =>
      Float32Array.from({ length: width }, (_, i) => scores[Math.min(items - 1, g * width + i)]),
    ),
  )
  return {
    groups,
    groupSize: width,
    largest: told ? Float32Array.from(runs, (run) => Math.max(...run)) : undefined,
    read: (wanted) => Float32Array.from([...wanted].flatMap((run) => [...runs[run]])),
    dispose: () => undefined,
  }
}

/** What a heap keeps of each user; -0 and 0 are one. */
function reference(users: number[][], k: number, allowed: (item: number, r: number) => boolean) {
  return users.map((scores, r) => {
    const heap = topKHeap(k)
    for (const [item, score] of scores.entries()) if (allowed(item, r)) heap.push(item, score + 0)
    const { items, scores: kept } = heap.drain()
    return { items: [...items], scores: [...kept] }
  })
}

const finite = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }))
const any = fc.oneof(finite, fc.constantFrom(-0, -Infinity, Infinity))
const numbers = fc.oneof(
  fc.array(finite, { minLength: 1, maxLength: 700 }),
  fc.array(any, { minLength: 1, maxLength: 700 }),
)

test('keeps what a heap keeps, in the same order', () => {
  fc.assert(
    fc.property(
      numbers,
      fc.integer({ min: 0, max: 300 }),
      fc.constantFrom(1, 3, 4, 16),
      fc.boolean(),
      fc.integer({ min: 2, max: 9 }),
      fc.boolean(),
      (first, wanted, width, told, every, masked) => {
        const items = first.length
        const k = Math.min(wanted, items)
        const users = [first, first.toReversed(), first.map((score) => -score)]
        const seen = users.map((_, r) =>
          Int32Array.from({ length: r === 1 ? 0 : Math.floor(items / 30) }, (_, n) => n * 7 + r),
        )
        const mask = masked ? Uint8Array.from({ length: items }, (_, item) => (item % every ? 1 : 0)) : undefined
        const pick = createPicker(items, k, mask)
        const room = 2 * users.length * k + 1
        const lists = { offsets: new Int32Array(8), items: new Int32Array(room), scores: new Float32Array(room) }
        // Twice, from the second user on: what one block leaves must not reach the next.
        lists.offsets[1] = 1
        const one = block(users, items, width, told)
        pick(one, users.length, (r) => seen[r], lists, 1)
        pick(one, users.length, (r) => seen[r], lists, 1 + users.length)
        const expected = reference(users, k, (item, r) => mask?.[item] !== 0 && !seen[r].includes(item))
        for (let r = 0; r < 2 * users.length; r++) {
          const [from, to] = lists.offsets.subarray(1 + r, 3 + r)
          expect([...lists.items.subarray(from, to)]).toEqual(expected[r % users.length].items)
          expect([...lists.scores.subarray(from, to)].map((score) => score + 0)).toEqual(
            expected[r % users.length].scores,
          )
        }
      },
    ),
  )
})

test('keeps the best of far more than it holds, and nothing that is no number', () => {
  const items = 50_000
  const scores = Array.from({ length: items }, (_, item) => (item % 10 === 3 ? Number.NaN : (item * 7919) % 50_021))
  const lists = { offsets: new Int32Array(2), items: new Int32Array(3000), scores: new Float32Array(3000) }
  createPicker(items, 3000)(block([scores], items, 16, false), 1, undefined, lists, 0)
  const [expected] = reference([scores], 3000, () => true)
  expect([...lists.items]).toEqual(expected.items)
  expect([...lists.scores]).toEqual(expected.scores)
})

test('counts the last item once, however many copies of it fill the last runs', () => {
  // 49 runs, then three of copies; four scores so far apart that nothing lies between them.
  const items = 16 * 49
  const scores = Array.from({ length: items }, (_, item) => item / items)
  for (const [n, item] of [3, 200, 500].entries()) scores[item] = 70 + 10 * n
  scores[items - 1] = 100
  const lists = { offsets: new Int32Array(2), items: new Int32Array(4), scores: new Float32Array(4) }
  createPicker(items, 4)(block([scores], items, 16, true), 1, undefined, lists, 0)
  expect([...lists.items]).toEqual([items - 1, 500, 200, 3])
})
