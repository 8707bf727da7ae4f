import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSemanticIds } from './semantic-ids.ts'

const catalogue = fc
  .array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(4)), { maxLength: 60 })
  .map((rows) => ({ rows, codes: { levels: 3, data: Uint16Array.from(rows.flat()) } }))
const SIZES = [4, 3, 5]

test('every item has an id of its own, and the id leads back to it', () => {
  fc.assert(
    fc.property(catalogue, ({ rows, codes }) => {
      const ids = createSemanticIds(codes, SIZES)
      const seen = new Set<string>()
      for (const [item, row] of rows.entries()) {
        const id = ids.idOf(item)
        expect(id.slice(0, 3)).toEqual(row)
        expect(id[3]).toBeLessThan(ids.suffixes)
        expect(ids.itemOf(id)).toBe(item)
        seen.add(id.join())
      }
      expect(seen.size).toBe(rows.length)
    }),
  )
})

test('items under a prefix are those whose codes begin with it, and what may follow counts them', () => {
  fc.assert(
    fc.property(catalogue, fc.array(fc.nat(4), { maxLength: 4 }), ({ rows, codes }, prefix) => {
      const ids = createSemanticIds(codes, SIZES)
      const all = rows.map((_, item) => item)
      const expected = all.filter((item) => prefix.every((code, depth) => ids.idOf(item)[depth] === code))
      expect(Array.from(ids.itemsUnder(prefix)).sort((a, b) => a - b)).toEqual(expected)
      const next = ids.next(prefix)
      if (prefix.length < 4) expect(next.reduce((sum, { items }) => sum + items, 0)).toBe(expected.length)
      for (const { code, items } of next) expect(ids.itemsUnder([...prefix, code]).length).toBe(items)
    }),
  )
})

test('an item keeps its id when others are added behind it', () => {
  fc.assert(
    fc.property(catalogue, ({ rows, codes }) => {
      const some = Math.floor(rows.length / 2)
      const before = createSemanticIds({ levels: 3, data: codes.data.slice(0, some * 3) }, SIZES)
      const after = createSemanticIds(codes, SIZES)
      for (let item = 0; item < some; item++) expect(after.idOf(item)).toEqual(before.idOf(item))
    }),
  )
})

test('an id that nobody has leads nowhere, and an item that is not there is an error', () => {
  const ids = createSemanticIds({ levels: 2, data: Uint16Array.of(1, 2, 1, 2) }, [3, 3])
  expect(ids.idOf(1)).toEqual([1, 2, 1])
  expect(ids.itemOf([1, 2, 2])).toBeUndefined()
  expect(ids.itemOf([1, 2])).toBeUndefined()
  expect(ids.next([1, 2, 0, 0])).toEqual([])
  expect(() => ids.idOf(2)).toThrow(/no such item/)
  expect(() => createSemanticIds({ levels: 2, data: Uint16Array.of(1, 3) }, [3, 3])).toThrow(/code 3 at level 1/)
})
