import { describe, expect, it } from 'vitest'
import { describeInterests } from './describe-interests.ts'

const items = {
  ids: ['lipstick', 'mascara', 'soap', 'shampoo', 'conditioner'],
  vectors: { data: Float32Array.of(1, 0, 0.8, 0.6, 0, 1, 0.6, 0.8, 0, 2), rows: 5, dim: 2 },
  codes: Uint16Array.of(0, 7, 0, 7, 1, 7, 1, 7, 1, 7),
  levels: 2,
  codewords: Float32Array.of(3, 0, 0, 0.5, 1, 1),
}
const categories = [['Beauty', 'Makeup'], ['Beauty', 'Makeup'], ['Beauty'], ['Beauty', 'Hair'], ['Beauty', 'Hair']]

describe('a description of interests', () => {
  it('names the items of a code, nearest to its codeword first, by the cosine', () => {
    const [first, second, third] = describeInterests(items)
    expect(first).toMatchObject({ code: 0, count: 2, categories: [] })
    expect(first.items.map(({ id }) => id)).toEqual(['lipstick', 'mascara'])
    expect(first.items[1].similarity).toBeCloseTo(0.8)
    expect(second.items.at(-1)).toEqual({ id: 'shampoo', similarity: expect.closeTo(0.8) })
    expect(second.items[0].similarity).toBeCloseTo(1)
    expect(third).toEqual({ code: 2, count: 0, items: [], categories: [] })
  })

  it('names the categories that its items have more often than the catalogue does', () => {
    const [first, second] = describeInterests({ ...items, categories })
    expect(first.categories).toEqual([{ name: 'Beauty > Makeup', share: 1, catalogueShare: 0.4 }])
    expect(second.categories).toEqual([{ name: 'Beauty > Hair', share: 2 / 3, catalogueShare: 0.4 }])
  })
})
