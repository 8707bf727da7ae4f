import { createRequire } from 'node:module'
import { Field, Float64, Int32, List, Table, tableFromIPC, Utf8, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkItemsKey,
  csr,
  encodeTable,
  InvalidInputError,
  itemsKey,
  makeCases,
  makeCodebook,
  makeEmbeddings,
  makeInteractions,
  makeInterests,
  makeItems,
  makeQueries,
  makeRecommendations,
  makeSequences,
  queriesOf,
  readCases,
  readCodebook,
  readEmbeddings,
  readInteractions,
  readInterests,
  readItems,
  readQueries,
  readRecommendations,
  readSequences,
  row,
  toMask,
} from './index.ts'

const score = { metric: 'cosine' as const, scale: 7.14 }

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    return InvalidInputError.isInstance(error) ? error.code : String(error)
  }
}

test('items keep their ids, texts and lists, and are known by a key', () => {
  const table = makeItems({
    ids: ['a', 'ü'],
    strings: { title: ['Soap', null] },
    lists: { categories: [['x', 'y'], []] },
  })
  const items = readItems(table)
  expect([items.ids, items.length, items.key]).toEqual([['a', 'ü'], 2, itemsKey(['a', 'ü'])])
  expect(items.strings('title')).toEqual(['Soap', null])
  expect(items.lists('categories')).toEqual([['x', 'y'], []])
  expect(items.strings('brand')).toBe(undefined)
  expect(items.lists('brand')).toBe(undefined)
})

test('the items key depends on every id and on their order', () => {
  expect(itemsKey(['a', 'b'])).not.toBe(itemsKey(['b', 'a']))
  expect(itemsKey(['ab', 'c'])).not.toBe(itemsKey(['a', 'bc']))
  expect(codeOf(() => checkItemsKey('1:a', '1:b', 'The cases'))).toBe('ITEMS_MISMATCH')
  expect(codeOf(() => checkItemsKey('1:a', undefined, 'The cases'))).toBe('nothing thrown')
})

test('interactions number their users by first appearance and keep unknown times as NaN', () => {
  const table = makeInteractions({
    userIds: ['zoe', 'ann'],
    users: Int32Array.of(1, 0, 1),
    items: Int32Array.of(5, 6, 7),
    timestamps: Float64Array.of(1, Number.NaN, 3),
    itemsKey: '9:x',
  })
  expect(readInteractions(table)).toEqual({
    userIds: ['ann', 'zoe'],
    users: Int32Array.of(0, 1, 0),
    items: Int32Array.of(5, 6, 7),
    timestamps: Float64Array.of(1, Number.NaN, 3),
    itemsKey: '9:x',
  })
})

const log = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 9 })), { maxLength: 12 })

test('interactions survive joining, slicing and a file, whatever dictionary each part has', () => {
  fc.assert(
    fc.property(log, log, fc.nat(), fc.nat(), (first, second, a, b) => {
      const part = (rows: [number, number][], prefix: string) =>
        makeInteractions({
          userIds: Array.from({ length: 5 }, (_, user) => `${user < 2 ? 'both' : prefix}${user}`),
          users: Int32Array.from(rows, ([user]) => user),
          items: Int32Array.from(rows, ([, item]) => item),
          itemsKey: '10:x',
        })
      const joined = part(first, 'one').concat(part(second, 'two'))
      const [start, end] = [a % (joined.numRows + 1), b % (joined.numRows + 1)].sort((x, y) => x - y)
      const wanted = [
        ...first.map(([user, item]) => [`${user < 2 ? 'both' : 'one'}${user}`, item]),
        ...second.map(([user, item]) => [`${user < 2 ? 'both' : 'two'}${user}`, item]),
      ].slice(start, end)
      const slice = joined.slice(start, end)
      for (const table of [slice, tableFromIPC(encodeTable(slice))]) {
        const { userIds, users, items, itemsKey: key } = readInteractions(table)
        expect(Array.from(users, (user, row) => [userIds[user], items[row]])).toEqual(wanted)
        expect(userIds).toEqual([...new Set(wanted.map(([user]) => user))])
        expect(key).toBe('10:x')
      }
    }),
  )
})

const lists = fc.array(fc.array(fc.nat({ max: 1000 }), { maxLength: 5 }), { maxLength: 12 })

test('lists survive the round trip, also through chunks and slices', () => {
  fc.assert(
    fc.property(lists, lists, fc.nat(), fc.nat(), (first, second, a, b) => {
      const queries = (rows: number[][]) => makeQueries({ users: rows.map((_, i) => `u${i}`), history: csr(rows) })
      const all = [...first, ...second]
      const [start, end] = [a % (all.length + 1), b % (all.length + 1)].sort((x, y) => x - y)
      const table = queries(first).concat(queries(second)).slice(start, end)
      expect(readQueries(table).history).toEqual(csr(all.slice(start, end)))
    }),
  )
})

test('vectors and codes survive the round trip through chunks and slices', () => {
  const embeddings = (from: number, to: number) => {
    const rows = to - from
    return makeEmbeddings({
      items: Int32Array.from({ length: rows }, (_, i) => from + i),
      ids: Array.from({ length: rows }, (_, i) => `i${from + i}`),
      vectors: { data: Float32Array.from({ length: rows * 3 }, (_, i) => from * 3 + i), rows, dim: 3 },
      codes: { levels: 2, data: Uint16Array.from({ length: rows * 2 }, (_, i) => from * 2 + i) },
      score,
      itemsKey: '9:x',
    })
  }
  fc.assert(
    fc.property(fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (cut, a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)]
      const table = embeddings(0, cut).concat(embeddings(cut, 9)).slice(start, end)
      expect(readEmbeddings(table)).toEqual(readEmbeddings(embeddings(start, end)))
    }),
  )
  expect(readEmbeddings(embeddings(2, 4)).vectors.data).toEqual(Float32Array.of(6, 7, 8, 9, 10, 11))
  expect(readEmbeddings(embeddings(2, 4)).score).toEqual(score)
})

test('cases are queries with targets, and queriesOf takes the targets away', () => {
  const view = {
    users: ['a', 'a'],
    history: csr([[1], []]),
    seen: csr([[1, 2], []]),
    targets: csr([[3], [4]]),
    itemsKey: '9:x',
  }
  const cases = makeCases({ ...view, timestamps: Float64Array.of(1, 2) })
  expect(readCases(cases)).toEqual({ ...view, timestamps: Float64Array.of(1, 2) })
  const queries = queriesOf(cases)
  expect(queries.getChild('targets')).toBe(null)
  expect(readQueries(queries).seen).toEqual(view.seen)
  expect(codeOf(() => readCases(queries))).toBe('MISSING_COLUMN')
})

test('without a seen column, the history is what was seen', () => {
  const queries = readQueries(makeQueries({ users: ['a'], history: csr([[1, 2]]) }))
  expect(queries.seen).toBe(queries.history)
})

test('sequences, interests, recommendations and codebooks survive the round trip', () => {
  const sequences = {
    users: ['a', 'b'],
    items: csr([[1, 2], [3]]),
    timestamps: Float64Array.of(1, 2, 3),
    itemsKey: '9:x',
  }
  expect(readSequences(makeSequences(sequences))).toEqual(sequences)
  const interests = {
    users: ['a', 'b', 'c'],
    offsets: Int32Array.of(0, 2, 2, 3),
    vectors: { data: Float32Array.of(1, 2, 3, 4, 5, 6), rows: 3, dim: 2 },
    codes: Uint16Array.of(4, 5, 6),
    probabilities: Float32Array.of(0.5, 0.25, 1),
    score,
    itemsKey: '9:x',
  }
  expect(readInterests(makeInterests(interests))).toEqual(interests)
  const merged = { ...interests, merge: 'nearest' as const, generalFirst: true }
  expect(readInterests(makeInterests(merged))).toEqual(merged)
  expect(codeOf(() => readInterests(makeInterests({ ...interests, merge: 'best' as 'nearest' })))).toBe(
    'SCORE_METADATA',
  )
  const recommendations = {
    users: ['a', 'b'],
    items: csr([[2, 1], []]),
    scores: Float32Array.of(2, 1),
    codes: Uint16Array.of(1, 2),
    itemsKey: '9:x',
  }
  expect(readRecommendations(makeRecommendations(recommendations))).toEqual(recommendations)
  const level = (size: number, from: number) => ({
    vectors: { data: Float32Array.from({ length: size * 2 }, (_, i) => from + i), rows: size, dim: 2 },
    counts: Int32Array.from({ length: size }, (_, i) => i),
  })
  const codebook = { levels: [level(3, 0), level(2, 10)] }
  expect(readCodebook(makeCodebook(codebook))).toEqual(codebook)
})

test('vectors that are not finite are refused at the door', () => {
  const bad = (value: number) => () =>
    makeEmbeddings({
      items: Int32Array.of(0),
      ids: ['a'],
      vectors: { data: Float32Array.of(1, value), rows: 1, dim: 2 },
      score,
    })
  expect(codeOf(bad(Number.NaN))).toBe('NOT_FINITE')
  expect(codeOf(bad(Number.POSITIVE_INFINITY))).toBe('NOT_FINITE')
  expect(codeOf(bad(2))).toBe('nothing thrown')
})

test('wrong types, nulls, negative and huge numbers are refused with the column named', () => {
  const user = vectorFromArray(['a'], new Utf8())
  const list = (values: unknown[], type: Int32 | Float64) =>
    vectorFromArray([values], new List(new Field('item', type)))
  const table = (history: ReturnType<typeof list>) => () => readQueries(new Table({ user, history }))
  expect(codeOf(table(list([0.5], new Float64())))).toBe('COLUMN_TYPE')
  expect(codeOf(table(list([-1], new Int32())))).toBe('ITEM_OUT_OF_RANGE')
  expect(codeOf(table(list([null], new Int32())))).toBe('NULL_VALUE')
  expect(codeOf(() => readQueries(new Table({ user })))).toBe('MISSING_COLUMN')
  expect(codeOf(() => readQueries(new Table({ user, history: user })))).toBe('COLUMN_TYPE')
  expect(table(list([-1], new Int32()))).toThrow('column "history" of the queries table')
})

test('lengths and offsets that disagree are refused', () => {
  const make = (offsets: Int32Array) => () =>
    makeQueries({ users: ['a', 'b'], history: { offsets, values: Int32Array.of(1, 2) } })
  expect(codeOf(make(Int32Array.of(0, 1)))).toBe('LENGTH_MISMATCH')
  expect(codeOf(make(Int32Array.of(0, 2, 1)))).toBe('BAD_OFFSETS')
  expect(codeOf(make(Int32Array.of(1, 1, 2)))).toBe('BAD_OFFSETS')
  expect(codeOf(make(Int32Array.of(0, 1, 3)))).toBe('LENGTH_MISMATCH')
  expect(codeOf(make(Int32Array.of(0, 1, 2)))).toBe('nothing thrown')
})

test('a filter becomes a mask, from items, a predicate or a mask', () => {
  expect(Array.from(toMask(Int32Array.of(2, 0), 4))).toEqual([1, 0, 1, 0])
  expect(Array.from(toMask((item) => item > 1, 4))).toEqual([0, 0, 1, 1])
  expect(Array.from(toMask(Uint8Array.of(0, 1), 2))).toEqual([0, 1])
  expect(codeOf(() => toMask(Uint8Array.of(0, 1), 3))).toBe('MASK_LENGTH')
  expect(codeOf(() => toMask(Int32Array.of(4), 4))).toBe('ITEM_OUT_OF_RANGE')
  expect(Array.from(row(csr([[1], [2, 3]]), 1))).toEqual([2, 3])
})

const readers = [
  ['items', readItems],
  ['interactions', readInteractions],
  ['sequences', readSequences],
  ['queries', readQueries],
  ['cases', readCases],
  ['cases', queriesOf],
  ['embeddings', readEmbeddings],
  ['codebook', readCodebook],
  ['interests', readInterests],
  ['recommendations', readRecommendations],
] as const

const noTables: [unknown, string, RegExp][] = [
  [undefined, 'undefined', /Pass the table/],
  [null, 'null', /Pass the table/],
  [3, '3', /Pass the table/],
  ['items.arrow', '"items.arrow"', /readTable first/],
  [{}, 'an object without keys', /Build the table/],
  [{ a: 1, b: 2 }, 'an object with the keys a, b', /Build the table/],
  [{ getChild: 1, schema: 2 }, 'an object with the keys getChild, schema', /Build the table/],
  [[1, 2, 3], 'an array of 3', /Build the table with make[A-Z]/],
  [Float32Array.of(1, 2), 'a Float32Array of 8 bytes', /Build the table/],
  [Promise.resolve(), 'a promise', /Await it/],
]

test.each(readers)('what is no %s table is refused by name, with what was given and what to do', (kind, read) => {
  const table = kind[0].toUpperCase() + kind.slice(1)
  for (const [value, given, next] of noTables) {
    const run = () => read(value as Table)
    expect(codeOf(run), given).toBe('NOT_A_TABLE')
    expect(run).toThrow(
      `The ${kind} table is not an Arrow table. Given: ${given}. Allowed: an Arrow table, such as make${table} `,
    )
    expect(run).toThrow(next)
  }
})

test('a table of another copy of Arrow is read', () => {
  const other: typeof import('apache-arrow') = createRequire(import.meta.url)('apache-arrow')
  const view = { users: ['a'], history: csr([[1, 2]]), targets: csr([[3]]), itemsKey: '9:x' }
  const table = other.tableFromIPC(encodeTable(makeCases(view)))
  expect(other.Table).not.toBe(Table)
  expect(readCases(table)).toMatchObject(view)
  expect(readQueries(queriesOf(table)).users).toEqual(['a'])
  expect(readQueries(table.batches[0] as unknown as Table).users).toEqual(['a'])
})
