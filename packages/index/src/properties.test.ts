import { tieHash } from '@sparc/tables'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { splitBudget } from './budget.ts'
import { giveCollectors, hasSorted, kthLargest, takeCollector } from './collector.ts'
import { idMap } from './id-map.ts'
import { logSumExp, mergeInterests } from './merge.ts'
import { accepting } from './options.ts'

const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 })

it('a budget is given out in full, at least one each, no further than one from proportion', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), weights, (total, parts) => {
      const shares = splitBudget(total, parts)
      const sum = shares.reduce((a, b) => a + b, 0)
      expect(sum).toBe(total)
      if (total >= parts.length) expect(Math.min(...shares)).toBeGreaterThanOrEqual(1)
      const all = parts.reduce((a, b) => a + b, 0)
      const exact = parts.map((part) => (all > 0 ? (part / all) * total : total / parts.length))
      // Where nobody has to be lifted to one, it is plain largest remainder.
      if (exact.every((share) => share >= 1)) {
        for (let i = 0; i < parts.length; i++) expect(Math.abs(shares[i] - exact[i])).toBeLessThan(1 + 1e-6)
      }
      for (let i = 0; i < parts.length; i++) {
        for (let j = 0; j < parts.length; j++) {
          if (parts[i] > parts[j] * (1 + 1e-9) + 1e-9) expect(shares[i]).toBeGreaterThanOrEqual(shares[j])
        }
      }
    }),
    { numRuns: 500 },
  )
})

it('the k-th largest is what sorting says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 }), fc.nat(), (values, n) => {
      const k = 1 + (n % values.length)
      const sorted = [...values].sort((a, b) => b - a)
      expect(kthLargest(Float64Array.from(values), values.length, k)).toBe(sorted[k - 1])
      expect(hasSorted(Int32Array.from(values).sort(), values[0])).toBe(true)
      expect(hasSorted(Int32Array.from(values).sort(), 99)).toBe(false)
    }),
  )
})

it('a collector keeps everything that can be among the k best, in spite of its margin of error', () => {
  const offers = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 300 })
  fc.assert(
    fc.property(offers, fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 1e-3, 0.2), (scores, k, margin) => {
      const skip = Int32Array.of(1, 4, 7)
      const even = (item: number) => item % 2 === 0 || item === 7
      const collector = takeCollector(k, margin, skip, even)
      for (const [item, score] of scores.entries()) {
        const noise = ((tieHash(item) % 1000) / 500 - 1) * margin
        collector.offer(0, item, item, score + noise)
      }
      const kept = new Set(collector.items.subarray(0, collector.size))
      const allowed = scores
        .map((score, item) => ({ item, score }))
        .filter(({ item }) => even(item) && !skip.includes(item))
      const best = allowed.sort((a, b) => b.score - a.score).slice(0, k)
      for (const { item } of best) expect(kept.has(item)).toBe(true)
      giveCollectors([collector])
      for (const item of kept) expect(even(item) && !skip.includes(item)).toBe(true)
    }),
  )
})

const found = fc.array(
  fc.uniqueArray(fc.record({ item: fc.nat(30), score: fc.integer({ min: -3, max: 3 }) }), {
    selector: ({ item }) => item,
    maxLength: 20,
  }),
  { minLength: 1, maxLength: 4 },
)

it('merging gives each item once, with its best score and all that found it, ties by hash', () => {
  fc.assert(
    fc.property(found, fc.integer({ min: 0, max: 25 }), (lists, k) => {
      const sorted = lists.map((list) => [...list].sort((a, b) => b.score - a.score))
      const input = sorted.map((list) => ({ items: list.map((e) => e.item), scores: list.map((e) => e.score) }))
      const merged = mergeInterests(
        input,
        lists.map(() => 1),
        { k, merge: 'max', seed: 0, rescore: () => [] },
      )
      const reference = new Map<number, { score: number; by: number[] }>()
      for (const [i, list] of lists.entries()) {
        for (const { item, score } of list) {
          const before = reference.get(item)
          reference.set(item, { score: Math.max(score, before?.score ?? score), by: [...(before?.by ?? []), i] })
        }
      }
      const wanted = [...reference].sort(([a, x], [b, y]) => y.score - x.score || tieHash(a) - tieHash(b)).slice(0, k)
      expect(merged.map(({ item }) => item)).toEqual(wanted.map(([item]) => item))
      for (const { item, score, foundBy } of merged) {
        expect(score).toBe(reference.get(item)?.score)
        expect(foundBy).toEqual(reference.get(item)?.by)
      }
    }),
  )
})

it('merging by budget gives each interest its share, and fills up what runs dry', () => {
  fc.assert(
    fc.property(found, weights, fc.integer({ min: 1, max: 25 }), (lists, shares, k) => {
      const sorted = lists.map((list) => [...list].sort((a, b) => b.score - a.score))
      const input = sorted.map((list) => ({ items: list.map((e) => e.item), scores: list.map((e) => e.score) }))
      const probabilities = lists.map((_, i) => shares[i % shares.length])
      const merged = mergeInterests(input, probabilities, { k, merge: 'budget', seed: 0, rescore: () => [] })
      const distinct = new Set(input.flatMap(({ items }) => items)).size
      expect(merged).toHaveLength(Math.min(k, distinct))
      const budget = splitBudget(k, probabilities)
      const items = new Set(merged.map(({ item }) => item))
      for (const [i, list] of input.entries()) {
        for (const item of list.items.slice(0, budget[i])) expect(items.has(item)).toBe(true)
      }
    }),
  )
})

it('the mixture is the logarithm of a sum, whatever the size of its terms', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 6 }), (terms) => {
      const plain = Math.log(terms.reduce((sum, term) => sum + Math.exp(term), 0))
      expect(logSumExp(terms)).toBeCloseTo(plain, 9)
      expect(logSumExp(terms.map((term) => term + 5000))).toBeCloseTo(plain + 5000, 6)
    }),
  )
  expect(logSumExp([])).toBe(Number.NEGATIVE_INFINITY)
})

it('an id map agrees with a plain map, also after it was saved', () => {
  const ids = fc.uniqueArray(fc.string({ maxLength: 8 }), { maxLength: 60 })
  fc.assert(
    fc.property(ids, fc.integer({ min: 0, max: 2 ** 30 }), (names, first) => {
      const map = idMap()
      const items = names.map((_, i) => first + 37 * i)
      if (names.length % 2) map.reserve(names)
      for (const [i, name] of names.entries()) {
        map.name(items[i], name)
        map.place(items[i], i % 7, i)
        if (i % 3 === 0) expect(map.item(name)).toBe(items[i])
      }
      const again = idMap()
      const { items: saved, offsets, text } = map.all()
      again.restore(saved, offsets, text)
      for (const [i, name] of names.entries()) {
        for (const one of [map, again]) {
          expect(one.id(items[i])).toBe(name)
          expect(one.item(name)).toBe(items[i])
        }
        expect([map.shard(items[i]), map.row(items[i])]).toEqual([i % 7, i])
        expect(again.shard(items[i])).toBe(-1)
      }
      expect(map.item('no such id, it is too long')).toBe(-1)
      expect(map.id(first + 1)).toBeUndefined()
      expect(map.limit()).toBe(names.length > 0 ? items[items.length - 1] + 1 : 0)
    }),
    { numRuns: 60 },
  )
})

it('the three kinds of filter allow the same items', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(49)), (allowed) => {
      const mask = new Uint8Array(50)
      for (const item of allowed) mask[item] = 1
      const filters = [Int32Array.from(allowed), mask, (item: number) => mask[item] === 1]
      for (const filter of filters) {
        const accept = accepting(filter, 50)
        for (let item = 0; item < 50; item++) expect(accept?.(item)).toBe(mask[item] === 1)
      }
    }),
    { numRuns: 30 },
  )
})
