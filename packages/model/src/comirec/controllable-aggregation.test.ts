import { csr, makeItems, makeRecommendations, random, readRecommendations, row } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { aggregateControllably } from './controllable-aggregation.ts'

const categories = [
  ['Beauty', 'Soap'],
  ['Beauty', 'Soap'],
  ['Beauty', 'Nails'],
  ['Beauty', 'Hair'],
  [],
  ['Beauty', 'Soap'],
]
const items = makeItems({ ids: categories.map((_, i) => `item-${i}`), lists: { categories } })
const lists = (rows: number[][], scores: number[]) =>
  makeRecommendations({ users: rows.map((_, u) => `u${u}`), items: csr(rows), scores: Float32Array.from(scores) })

/** The worth of a set: its scores, and lambda for each pair of different categories. */
function worth(set: number[], scores: number[], lambda: number): number {
  let sum = 0
  for (const [n, i] of set.entries()) {
    sum += scores[i]
    for (const j of set.slice(0, n)) {
      const [a, b] = [categories[i].at(-1), categories[j].at(-1)]
      if (a === undefined || b === undefined || a !== b) sum += lambda
    }
  }
  return sum
}

describe('controllable aggregation', () => {
  test('with lambda 0 keeps the best, in their order', () => {
    const long = lists([[0, 1, 2]].concat([[5, 3, 0]]), [3, 2, 1, 9, 8, 7])
    const short = readRecommendations(aggregateControllably(long, items, { k: 2, lambda: 0 }))
    expect([...short.items.values]).toEqual([0, 1, 5, 3])
    expect([...short.scores]).toEqual([3, 2, 9, 8])
  })

  test('with a large lambda takes one of each category first', () => {
    const long = lists([[0, 1, 5, 2, 3]], [5, 4, 3, 2, 1])
    const { items: found } = readRecommendations(aggregateControllably(long, items, { k: 4, lambda: 100 }))
    expect([...row(found, 0)]).toEqual([0, 2, 3, 1])
  })

  test('adds at each step the item that is worth most', () => {
    const draw = random(4)
    for (let n = 0; n < 20; n++) {
      const scores = categories.map(() => draw.next())
      const lambda = draw.next() / 2
      const order = [0, 1, 2, 3, 4, 5]
      const long = lists([order], scores)
      const { items: found } = readRecommendations(aggregateControllably(long, items, { k: 4, lambda }))
      const chosen: number[] = []
      for (const item of row(found, 0)) {
        const left = order.filter((i) => !chosen.includes(i))
        const best = Math.max(...left.map((i) => worth([...chosen, i], scores, lambda)))
        chosen.push(item)
        expect(worth(chosen, scores, lambda)).toBeCloseTo(best, 5)
      }
      expect(chosen.length).toBe(4)
    }
  })

  test('says which column is missing', () => {
    const bare = makeItems({ ids: ['a'] })
    expect(() => aggregateControllably(lists([[0]], [1]), bare, { k: 1, lambda: 1 })).toThrow(/no column "categories"/)
  })
})
