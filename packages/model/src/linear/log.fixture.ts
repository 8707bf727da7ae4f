import { type Csr, csr, makeItems, makeQueries, makeSequences, random } from '@sparc/tables'

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
