import { csr, random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import type { ItemFeatures } from '../item-features.ts'
import { featureRows } from './feature-rows.ts'

const dim = 3
const draw = random(7)
const used = Float32Array.from({ length: 300 }, (_, item) => (item < 290 ? 1 + draw.int(4) : 0))
/** Every item has one of five categories, one of four brands, and two of thirty words. */
const kindsOf = Array.from({ length: 300 }, () => [
  [draw.int(5)],
  [5 + draw.int(4)],
  [9 + draw.int(30), 9 + draw.int(30)],
])
const features: ItemFeatures = {
  size: 39,
  names: [],
  bags: csr(kindsOf.map((kinds) => kinds.flat())),
  weights: Float32Array.from(kindsOf.flatMap((kinds) => kinds.flatMap((kind) => kind.map(() => 1 / kind.length)))),
}
const { offsets, values } = features.bags
/** What the features of an item say, `sum_f w_if f`. */
const said = (rows: Float32Array, item: number, d: number) => {
  let sum = 0
  for (let f = offsets[item]; f < offsets[item + 1]; f++) sum += features.weights[f] * rows[values[f] * dim + d]
  return sum
}
const squares = (data: Float32Array) => data.reduce((sum, x) => sum + x * x, 0)

describe('the feature rows that training begins with', () => {
  it('leave every used item where it was, and the own row of an unused one zero', () => {
    const before = Float32Array.from({ length: 300 * dim }, () => draw.normal())
    const vectors = before.slice()
    const rows = featureRows(features, vectors, used, dim)
    for (let item = 0; item < 300; item++) {
      for (let d = 0; d < dim; d++) {
        const at = item * dim + d
        if (used[item] > 0) expect(said(rows, item, d) + vectors[at]).toBeCloseTo(before[at], 5)
        else expect(vectors[at]).toBe(0)
      }
    }
  })

  it('explain what features can explain, for items that nobody used too', () => {
    const truth = Float32Array.from({ length: features.size * dim }, () => draw.normal())
    const whole = Float32Array.from({ length: 300 * dim }, (_, at) => said(truth, Math.floor(at / dim), at % dim))
    const vectors = whole.slice()
    const rows = featureRows(features, vectors, used, dim)
    expect(squares(vectors) / squares(whole)).toBeLessThan(0.1)
    const found = Float32Array.from({ length: 10 * dim }, (_, at) => said(rows, 290 + Math.floor(at / dim), at % dim))
    const unused = whole.slice(290 * dim)
    expect(squares(found.map((x, at) => x - unused[at])) / squares(unused)).toBeLessThan(0.25)
  })

  it('items that nobody used say nothing', () => {
    const vectors = Float32Array.from({ length: 300 * dim }, () => draw.normal())
    const other = vectors.slice().map((x, at) => (at < 290 * dim ? x : 100))
    expect(featureRows(features, vectors, used, dim)).toEqual(featureRows(features, other, used, dim))
  })
})
