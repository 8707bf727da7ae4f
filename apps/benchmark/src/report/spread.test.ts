import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spread } from './spread.ts'

it('leaves what is far apart where it is', () => {
  expect(spread([50, 0, 100], 10)).toEqual([50, 0, 100])
})

it('moves neighbours apart evenly, and keeps their order', () => {
  expect(spread([0, 1, 50], 10)).toEqual([-4.5, 5.5, 50])
})

it('never leaves two closer than the gap, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 20 }), (places) => {
      const moved = [...spread(places, 7)].sort((a, b) => a - b)
      for (let i = 1; i < moved.length; i++) expect(moved[i] - moved[i - 1]).toBeGreaterThanOrEqual(7 - 1e-9)
    }),
  )
})
