import { csr, InvalidInputError, makeCases, makeItems, makeRecommendations, makeSequences } from '@sparc/tables'
import { Table, Utf8, vectorFromArray } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { caseScores } from '../significance/compare.ts'
import { recall } from './accuracy.ts'
import { dropSeen } from './drop-seen.ts'
import { evaluate } from './evaluate.ts'
import { coverage } from './exposure.ts'
import {
  caseColumn,
  category,
  historyLength,
  itemColumn,
  longTail,
  newItems,
  popularityGroups,
  type Slice,
  shortHistory,
} from './slices.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const items = makeItems({
  ids,
  strings: { brand: ['x', 'x', 'y', null, 'y', 'x', null, null, null, null] },
  lists: { categories: ids.map((_, row) => (row < 6 ? ['hair', `leaf ${row % 2}`] : row < 8 ? ['skin'] : [])) },
})
// Counts: a 1, b 2, c 2, d 1, e 2, the others 0. The head of two items is b and c, for e comes later.
const train = makeSequences({
  users: ['x', 'y'],
  items: csr([
    [0, 1, 2, 4],
    [1, 2, 3, 4],
  ]),
})
const users = ['ann', 'bob', 'cid']
const cases = makeCases({
  users,
  history: csr([[0], [1, 2], [3, 4]]),
  seen: csr([[0], [1, 2], [3, 4, 5, 6, 7, 8]]),
  targets: csr([
    [1, 4],
    [4, 5, 9],
    [2, 1, 0, 3],
  ]),
})
const lists = csr([[4, 1], [4], [1, 9]])
const found = makeRecommendations({ users, items: lists, scores: Float32Array.from(lists.values, (_, at) => -at) })

function slicesOf(...slices: Slice[]) {
  return evaluate(found, cases, { metrics: [recall(2), coverage(2)], items, train, slices }).slices
}

describe('slices of targets count only those targets, over the cases that have one', () => {
  test('long tail: outside of the first fifth by training count, ties by row', () => {
    // Tail targets: ann {e} found, bob {e, f, j} one found, cid {a, d} none found.
    expect(slicesOf(longTail())['long-tail']).toMatchObject({ cases: 3, metrics: { 'recall@2': { mean: 4 / 9 } } })
  })

  test('new items: not in training', () => {
    expect(slicesOf(newItems())['new-items']).toMatchObject({
      cases: 1,
      metrics: { 'recall@2': { mean: 0, count: 1 } },
    })
  })

  test('popularity groups share out the catalogue', () => {
    const slices = slicesOf(popularityGroups({ groups: 5 }))
    expect(Object.keys(slices)).toEqual([
      'popularity:1',
      'popularity:2',
      'popularity:3',
      'popularity:4',
      'popularity:5',
    ])
    // b, c: ann has b, found; cid has both, b found.
    expect(slices['popularity:1']).toMatchObject({ cases: 2, metrics: { 'recall@2': { mean: 0.75 } } })
    expect(slices['popularity:4'].cases).toBe(0)
    expect(slices['popularity:4'].metrics['recall@2'].mean).toBeNull()
  })

  test('category at any level, and any other column of the items', () => {
    expect(slicesOf(category())['categories:hair'].cases).toBe(3)
    const leaves = slicesOf(category({ level: -1 }))
    expect(Object.keys(leaves)).toEqual(['categories:leaf 0', 'categories:leaf 1', 'categories:skin'])
    expect(slicesOf(itemColumn('brand'))['brand:y'].metrics['recall@2'].mean).toBeCloseTo(2 / 3, 12)
    expect(Object.keys(slicesOf(itemColumn('brand', { top: 1 })))).toEqual(['brand:x'])
  })

  test('without training data there are none by popularity', () => {
    const report = evaluate(found, cases, {
      metrics: [recall(2)],
      items,
      slices: [longTail(), newItems(), popularityGroups()],
    })
    expect(report.slices).toEqual({})
  })

  test('metrics of the list alone are not in them', () => {
    expect(Object.keys(slicesOf(longTail())['long-tail'].metrics)).toEqual(['recall@2'])
  })
})

describe('slices of cases', () => {
  test('cold users by the whole sequence, short histories by what is known', () => {
    const report = evaluate(found, cases, { metrics: [recall(2)], items, train })
    // Whole sequences: 3, 5 and 10.
    expect(report.slices['cold-users'].cases).toBe(2)
    expect(report.slices['cold-users'].metrics['recall@2'].mean).toBeCloseTo((1 / 3 + 1 / 4) / 2, 12)
    expect(report.slices['history<=4'].cases).toBe(2)
  })

  test('history lengths share out the cases', () => {
    const slices = slicesOf(historyLength([0, 2, 3]))
    expect(Object.entries(slices).map(([name, { cases }]) => [name, cases])).toEqual([
      ['history:0-1', 1],
      ['history:2', 1],
      ['history:3+', 1],
    ])
  })

  test('any column of the cases', () => {
    const country = vectorFromArray(['de', 'at', 'de'], new Utf8())
    const columns = Object.fromEntries(cases.schema.fields.map(({ name }) => [name, cases.getChild(name)!]))
    const wider = new Table({ ...columns, country })
    const report = evaluate(found, wider, { metrics: [recall(2)], items, slices: [caseColumn('country')] })
    expect(report.slices['country:de'].metrics['recall@2'].mean).toBe((1 + 0.25) / 2)
    expect(report.slices['country:at'].cases).toBe(1)
  })

  test('a column that is not there is an error', () => {
    for (const slice of [caseColumn('country'), itemColumn('colour')]) {
      expect(() => slicesOf(slice)).toThrow(InvalidInputError)
    }
  })
})

test('the table of cases has the slices too', () => {
  const { perCase } = evaluate(found, cases, {
    metrics: [recall(2)],
    items,
    train,
    slices: [newItems(), shortHistory()],
  })
  expect(perCase?.toArray().map((row) => row.toJSON())).toEqual([
    { user: 'ann', history: 1, targets: 2, 'recall@2': 1, 'new-items/recall@2': null, 'history<=4': true },
    { user: 'bob', history: 2, targets: 3, 'recall@2': 1 / 3, 'new-items/recall@2': 0, 'history<=4': true },
    { user: 'cid', history: 6, targets: 4, 'recall@2': 0.25, 'new-items/recall@2': null, 'history<=4': false },
  ])
})

test('without values for each case the means are the same', () => {
  const options = { metrics: [recall(2), coverage(2)], items, train }
  const { perCase, ...means } = evaluate(found, cases, { ...options, perCase: false })
  expect(perCase).toBeUndefined()
  expect(evaluate(found, cases, options)).toMatchObject(means)
})

test('tables of several chunks, and slices of tables, are read like any other', () => {
  const parts = {
    found: found.slice(0, 1).concat(found.slice(1, 3)),
    cases: cases.slice(0, 2).concat(cases.slice(2, 3)),
  }
  const options = { metrics: [recall(2), coverage(2)], items, train }
  const whole = evaluate(found, cases, options)
  const chunked = evaluate(parts.found, parts.cases, options)
  expect(chunked.metrics).toEqual(whole.metrics)
  expect(chunked.slices).toEqual(whole.slices)
  const rows = (report: typeof whole) => report.perCase?.toArray().map((row) => row.toJSON())
  expect(rows(chunked)).toEqual(rows(whole))
  expect(caseScores(chunked, 'cold-users/recall@2')).toEqual(caseScores(whole, 'cold-users/recall@2'))
  const last = evaluate(found.slice(2, 3), cases.slice(2, 3), options)
  expect(last.metrics['recall@2']).toMatchObject({ mean: 0.25, count: 1 })
})

test('dropping what was seen keeps the order of the rest', () => {
  const seen = makeCases({ users: ['bob', 'ann'], history: csr([[4, 9], [4]]), targets: csr([[1], [1]]) })
  const given = makeRecommendations({
    users: ['ann', 'bob', 'zoe'],
    items: csr([[4, 1], [3, 9, 2], [4]]),
    scores: Float32Array.of(5, 4, 3, 2, 1, 0),
    codes: Uint16Array.of(1, 2, 3, 4, 5, 6),
  })
  const rows = dropSeen(given, seen).toArray()
  const plain = rows.map(({ user, items, scores, codes }) => [user, [...items], [...scores], [...codes]])
  expect(plain).toEqual([
    ['ann', [1], [4], [2]],
    ['bob', [3, 2], [3, 1], [3, 5]],
    ['zoe', [4], [0], [6]],
  ])
})
