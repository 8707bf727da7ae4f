import { makeInteractions, makeItems, readInteractions } from '@sparc/tables'
import { expect, test } from 'vitest'
import { fingerprint } from './dataset.ts'
import { makeDataset } from './make-dataset.ts'
import { splitByUser } from './splits/split-by-user.ts'
import { makeSyntheticWorld } from './synthetic/index.ts'

const items = makeItems({ ids: ['x', 'y', 'z'] })
const log = (timestamps?: number[], rows = [2, 0, 1, 1]) =>
  makeInteractions({
    userIds: ['ann', 'bob'],
    users: Int32Array.of(0, 1, 0, 1),
    items: Int32Array.from(rows),
    timestamps: timestamps && Float64Array.from(timestamps),
  })

test('rows are grouped by user and put oldest first', () => {
  const dataset = makeDataset({ name: 'shop', items, interactions: log([30, 20, 10, 40]) })
  const read = readInteractions(dataset.interactions)
  expect([[...read.users], [...read.items], [...(read.timestamps ?? [])]]).toEqual([
    [0, 0, 1, 1],
    [1, 2, 0, 1],
    [10, 30, 20, 40],
  ])
  expect(fingerprint(dataset.items, dataset.interactions, dataset.options)).toBe(dataset.fingerprint)
})

test('without times the order of the rows is kept, and the notes say so', () => {
  const dataset = makeDataset({ name: 'shop', items, interactions: log() })
  expect([dataset.time, dataset.notes.length]).toEqual(['order', 1])
  expect([...readInteractions(dataset.interactions).items]).toEqual([2, 1, 0, 1])
})

test('a data set that was prepared before splits the same way again', () => {
  const world = makeSyntheticWorld({ users: 100, items: 80, interests: 6, resolution: 'second' })
  const again = makeDataset({ name: 'again', items: world.items, interactions: world.interactions })
  expect(splitByUser(again).test.toArray().map(String)).toEqual(splitByUser(world).test.toArray().map(String))
})

test.each([
  ['some times only', () => log([1, Number.NaN, 2, 3]), 'SOME_TIMES'],
  ['an item outside of the catalogue', () => log(undefined, [0, 1, 2, 3]), 'ITEM_OUT_OF_RANGE'],
  [
    'no rows',
    () => makeInteractions({ userIds: [], users: new Int32Array(), items: new Int32Array() }),
    'NOTHING_LEFT',
  ],
  [
    'another catalogue',
    () => makeInteractions({ userIds: ['a'], users: Int32Array.of(0), items: Int32Array.of(0), itemsKey: '9:ab' }),
    'ITEMS_MISMATCH',
  ],
])('%s is an error', (_, interactions, code) => {
  expect(() => makeDataset({ name: 'shop', items, interactions: interactions() })).toThrow(
    expect.objectContaining({ code }),
  )
})
