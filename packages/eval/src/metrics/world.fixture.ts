import { csr, makeCases, makeItems, makeRecommendations, makeSequences } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import * as fc from 'fast-check'
import type { PlainCase, World } from './reference.fixture.ts'

export interface GeneratedWorld {
  world: World
  cases: PlainCase[]
}

/** A small catalogue, training rows and cases with lists of every length, empty ones and empty targets among them. */
export const anyWorld: fc.Arbitrary<GeneratedWorld> = fc.integer({ min: 1, max: 25 }).chain((size) => {
  const item = fc.integer({ min: 0, max: size - 1 })
  const name = fc.constantFrom('bath', 'hair', 'nails', 'skin')
  return fc.record({
    world: fc.record({
      size: fc.constant(size),
      categories: fc.array(fc.uniqueArray(name, { maxLength: 3 }), { minLength: size, maxLength: size }),
      train: fc.array(fc.array(item, { maxLength: 8 }), { minLength: 1, maxLength: 12 }),
    }),
    cases: fc.array(
      fc.record({
        list: fc.uniqueArray(item, { maxLength: size }),
        targets: fc.array(item, { maxLength: 6 }),
        history: fc.array(item, { maxLength: 6 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
})

/** The same as tables. */
export function tablesOf({ world, cases }: GeneratedWorld): {
  items: Table
  train: Table
  cases: Table
  recommendations: Table
} {
  const users = cases.map((_, row) => `user ${row}`)
  const lists = csr(cases.map(({ list }) => list))
  return {
    items: makeItems({
      ids: Array.from({ length: world.size }, (_, row) => `item ${row}`),
      lists: { categories: world.categories },
    }),
    train: makeSequences({ users: world.train.map((_, row) => `train ${row}`), items: csr(world.train) }),
    cases: makeCases({
      users,
      history: csr(cases.map(({ history }) => history)),
      targets: csr(cases.map(({ targets }) => targets)),
    }),
    recommendations: makeRecommendations({
      users,
      items: lists,
      scores: Float32Array.from(lists.values, (_, at) => -at),
    }),
  }
}
