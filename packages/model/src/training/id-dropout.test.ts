import { makeItems, random, readItems } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { itemFeatures } from '../item-features.ts'
import { adamStep } from './adam.ts'
import { createIdDropout } from './id-dropout.ts'

describe('id dropout', () => {
  it('leaves out the asked share of the items, other ones in each step, the same ones when a step is taken again', () => {
    const bareIn = createIdDropout(0.3, random(5))
    const of = (step: number) => Array.from({ length: 10_000 }, (_, item) => bareIn(step)(item))
    const [one, two] = [of(1), of(2)]
    const share = (xs: boolean[]) => xs.filter(Boolean).length / xs.length
    for (const found of [one, two]) expect(Math.abs(share(found) - 0.3)).toBeLessThan(0.02)
    expect(Math.abs(share(one.map((bare, item) => bare && two[item])) - 0.09)).toBeLessThan(0.015)
    expect(of(1)).toEqual(one)
    expect(createIdDropout(0.3, random(6))(1)(0) === one[0] && of(3).every((bare, item) => bare === one[item])).toBe(
      false,
    )
  })

  it('a bare item is what its features say and learns nothing of its own; one without features stays as it is', () => {
    const shop = readItems(makeItems({ ids: ['soap', 'bar', 'mystery'], strings: { brand: ['Acme', 'Acme', null] } }))
    const features = itemFeatures(shop)
    const table = createEmbeddingTable(3, 2, { random: random(1), features })
    const at = (row: number) => Array.from(table.values.subarray(2 * row, 2 * row + 2))
    const out = new Float32Array(6)
    table.gather(Int32Array.of(0, 1, 2), 3, out, (item) => item !== 1)
    const brand = 3 + features.bags.values[0]
    expect(Array.from(out.subarray(0, 2))).toEqual(at(brand))
    expect(out[2]).toBeCloseTo(at(1)[0] + at(brand)[0], 6)
    expect(Array.from(out.subarray(4))).toEqual(at(2))
    const before = [at(0), at(1), at(2), at(brand)]
    table.update(Int32Array.of(0, 1, 2), 3, Float32Array.of(1, 1, 1, 1, 1, 1), adamStep(1, 0.1), (item) => item !== 1)
    expect(at(0)).toEqual(before[0])
    for (const [row, old] of [
      [1, before[1]],
      [2, before[2]],
      [brand, before[3]],
    ] as const) {
      expect(at(row)[0]).toBeCloseTo(old[0] - 0.1, 5)
    }
  })
})
