import { type Csr, csr, makeItems, makeQueries, makeSequences, random, readRecommendations, row } from '@sparc/tables'
import type { Recommender } from '../recommender.ts'

/** A small seeded log whose users prefer items near each other, as tables and as plain arrays. */
export function smallLog(seed: number, users = 60, items = 40) {
  const draw = random(seed)
  const rows = Array.from({ length: users }, () => {
    const centre = draw.int(items)
    const length = 2 + draw.int(8)
    return Array.from({ length }, () => (centre + Math.floor(Math.abs(draw.normal()) * 3)) % items)
  })
  const ids = Array.from({ length: items }, (_, i) => `item-${i}`)
  const itemTable = makeItems({ ids })
  const names = rows.map((_, u) => `user-${u}`)
  const sequences: Csr = csr(rows)
  return {
    rows,
    ids,
    sequences,
    data: { items: itemTable, sequences: makeSequences({ users: names, items: sequences }) },
    queries: makeQueries({ users: names, history: sequences }),
  }
}

/** The binary user-item matrix of rows, dense. */
export function denseBinary(rows: number[][], items: number): number[][] {
  return rows.map((row) => Array.from({ length: items }, (_, i) => (row.includes(i) ? 1 : 0)))
}

/** Two users with the same items, which the first one has had several times. */
export const repeating = makeQueries({
  users: ['a', 'b'],
  history: csr([
    [3, 3, 3, 60],
    [3, 60],
  ]),
})

/** What a system of 80 items recommends to either of them: everything that it ranks, with its scores. */
export async function listsOfRepeating(model: Recommender) {
  const { items, scores } = readRecommendations(await model.recommend(repeating, { k: 80, excludeSeen: false }))
  return [0, 1].map((r) => ({
    items: [...row(items, r)],
    scores: [...scores.subarray(items.offsets[r], items.offsets[r + 1])],
  }))
}
