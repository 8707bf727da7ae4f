import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { createRowSums, plainRowSums } from './row-sums.ts'

describe('row sums', () => {
  // Dimensions with and without a rest of four; more rows than go through the kernel at once; sums that outgrow their memory.
  for (const dim of [1, 3, 4, 6, 64]) {
    it(`adds rows of ${dim} as the plain ones do, again and again`, () => {
      const draw = random(dim)
      const [fast, plain] = [createRowSums(dim), plainRowSums(dim)]
      for (const count of [7, 3, 5000]) {
        for (const sums of [fast, plain]) sums.begin(count)
        for (const length of [0, 1, 2500]) {
          const rows = Int32Array.from({ length }, () => draw.int(count))
          const given = Float32Array.from({ length: length * dim }, () => draw.normal())
          for (const sums of [fast, plain]) sums.add(rows, given)
        }
        expect(fast.sums()).toEqual(plain.sums())
        expect(plain.sums().length).toBe(count * dim)
        expect(
          plain
            .sums()
            .subarray(0, dim)
            .every((x) => x === 0),
        ).toBe(true)
        expect(plain.sums().some((x) => x !== 0)).toBe(true)
      }
    })
  }
})
