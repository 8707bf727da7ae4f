import { readCases, readSequences, row } from '@sparc/tables'
import { expect, test } from 'vitest'
import { folder, log } from '../datasets/folder.fixture.ts'
import { readDataset } from '../datasets/index.ts'
import { splitByUser } from './split-by-user.ts'

test('users are cut 8:1:1, once each, and a user in validation or test is not trained on', async () => {
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(100, 10, 50) }) })
  const { train, validation, test: tested, source, skipped } = splitByUser(dataset)
  expect([train.numRows, validation.numRows, tested.numRows]).toEqual([80, 10, 10])
  const users = [...readSequences(train).users, ...readCases(validation).users, ...readCases(tested).users]
  expect(new Set(users).size).toBe(100)
  expect([source, skipped]).toEqual(['drawn', 0])
})

test('the seed decides who is in which part', async () => {
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(100, 10, 50) }) })
  const users = (seed: number) => readCases(splitByUser(dataset, { seed }).test).users
  expect(users(7)).toEqual(users(7))
  expect(users(7)).not.toEqual(users(8))
})

test('the first 80 % are seen, the last 20 of them the history, the rest the targets', async () => {
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(20, 41, 97) }) })
  const { history, seen, targets, timestamps } = readCases(splitByUser(dataset).test)
  expect([row(seen, 0).length, row(history, 0).length, row(targets, 0).length]).toEqual([32, 20, 9])
  expect(row(history, 0)).toEqual(row(seen, 0).subarray(12))
  expect(new Set([...row(seen, 0), ...row(targets, 0)]).size).toBe(41)
  expect(timestamps).toBeDefined()
  const narrow = readCases(splitByUser(dataset, { seen: 'history' }).test)
  expect(narrow.seen).toEqual(narrow.history)
})

test('a target that repeats counts once', async () => {
  const lines = Array.from(
    { length: 20 },
    (_, u) => `u${u},a,1000\nu${u},b,2000\nu${u},c,3000\nu${u},d,4000\nu${u},e,5000
u${u},f,6000\nu${u},g,7000\nu${u},h,8000\nu${u},j,9000\nu${u},j,10000\n`,
  )
  const directory = await folder({ 'interactions.csv': `user,item,timestamp\n${lines.join('')}` })
  const { targets } = readCases(splitByUser(await readDataset({ directory, duplicates: 'keep' })).test)
  expect(row(targets, 0).length).toBe(1)
})

test('users with too few interactions are skipped, counted and noted', async () => {
  const short = 'lone,i1,5\nfour,i1,5\nfour,i2,6\nfour,i3,7\nfour,i4,8\n'
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(30, 6, 20) + short }) })
  const split = splitByUser(dataset)
  expect(split.skipped).toBe(2)
  expect(split.notes).toEqual(['2 users with fewer than 5 interactions were skipped.'])
  expect(splitByUser(dataset, { minimum: 2 }).skipped).toBe(1)
})

test('too few users for three parts is an error', async () => {
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(5, 6, 20) }) })
  expect(() => splitByUser(dataset)).toThrow(/TOO_FEW_USERS|would be empty/)
})

const PUBLISHED = `part,user,items
train,u2,i15 i14 i16 i17 i18
test,u1,i7 i8 i9 i10 i11
validation,u0,i4 i3 i2 i1 i0
`

test('a published split of the same seed is used as it is: its users, its order of items', async () => {
  const directory = await folder({ 'interactions.csv': log(3, 5, 90), 'by-user-1230.csv.gz': PUBLISHED })
  const dataset = await readDataset({ directory })
  const split = splitByUser(dataset)
  expect(split.source).toBe('published')
  expect(readSequences(split.train).users).toEqual(['u2'])
  const names = [...row(readSequences(split.train).items, 0)].map((item) => dataset.items.getChild('id')?.get(item))
  expect(names).toEqual(['i15', 'i14', 'i16', 'i17', 'i18'])
  const { users, seen, targets, timestamps } = readCases(split.validation)
  expect([users, [...row(seen, 0)], [...row(targets, 0)]]).toEqual([['u0'], [4, 3, 2, 1], [0]])
  expect(timestamps?.[0]).toBe((1e9 + 1) * 1000)
})

test('a published split is passed over for another seed, on request, and where the preparation dropped rows', async () => {
  const files = { 'interactions.csv': `${log(3, 5, 90)}${log(40, 6, 30).replaceAll('u', 'v').slice(20)}` }
  const parts = Array.from(
    { length: 40 },
    (_, u) => `train,v${u},${Array.from({ length: 6 }, (_, k) => `i${(u * 7 + k) % 30}`).join(' ')}\n`,
  )
  const directory = await folder({ ...files, 'by-user-1230.csv': PUBLISHED + parts.join('') })
  const dataset = await readDataset({ directory })
  expect(splitByUser(dataset).source).toBe('published')
  expect(splitByUser(dataset, { published: false }).source).toBe('drawn')
  expect(splitByUser(dataset, { seed: 1 }).source).toBe('drawn')
  const cored = await readDataset({ directory, kCore: { items: 9 } })
  expect(cored.published).toBeUndefined()
  expect(cored.notes.join()).toContain('by-user-1230.csv was not used')
})

test('a published split that names other users or items is an error', async () => {
  const directory = await folder({
    'interactions.csv': log(3, 5, 90),
    'by-user-1230.csv': PUBLISHED.replace('u2', 'zoe'),
  })
  await expect(readDataset({ directory })).rejects.toMatchObject({ code: 'FOREIGN_SPLIT' })
})
