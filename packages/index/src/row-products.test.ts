import { random } from '@sparc/tables'
import { expect, it } from 'vitest'
import { rowProducts } from './row-products.ts'

it.each([1, 3, 4, 5, 8, 11])('gives the products of a row with %i queries to the bit of a plain loop', (queries) => {
  const source = random(queries)
  const dim = 37
  const row = Float32Array.from({ length: dim }, () => source.normal())
  const vectors = Float32Array.from({ length: (queries + 2) * dim }, () => source.normal())
  const found = new Float64Array(queries)
  rowProducts(row, vectors, 2 * dim, found)
  const expected = Float64Array.from({ length: queries }, (_, q) => {
    let sum = 0
    for (let d = 0; d < dim; d++) sum += vectors[(q + 2) * dim + d] * row[d]
    return sum
  })
  expect(found).toEqual(expected)
})
