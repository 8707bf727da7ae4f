import { gzipSync } from 'node:zlib'
import { readInteractions, readItems } from '@sparc/tables'
import { expect, test } from 'vitest'
import { fingerprint } from '../dataset.ts'
import { rejectionOf } from '../error-code.fixture.ts'
import { folder, log } from './folder.fixture.ts'
import { findDataDirectory, listDatasets, readDataset } from './index.ts'

const SMALL = 'user,item,timestamp\nann,x,100\nann,y,200\nbob,z,50\nann,z,150\nbob,x,60\n'

test('items and users are numbered by first appearance, rows are oldest first, seconds become milliseconds', async () => {
  const directory = await folder({ 'interactions.csv.gz': SMALL })
  const dataset = await readDataset({ directory })
  expect(readItems(dataset.items).ids).toEqual(['x', 'y', 'z'])
  const { userIds, users, items, timestamps } = readInteractions(dataset.interactions)
  expect(userIds).toEqual(['ann', 'bob'])
  expect([...users]).toEqual([0, 0, 0, 1, 1])
  expect([...items]).toEqual([0, 2, 1, 2, 0])
  expect([...(timestamps ?? [])]).toEqual([100_000, 150_000, 200_000, 50_000, 60_000])
  expect(dataset.time).toBe('known')
  expect(dataset.counts).toMatchObject({ read: 5, broken: 0, users: 2, items: 3, interactions: 5 })
})

test('features come from items.csv, in the order of the items, empty where nothing is known', async () => {
  const directory = await folder({
    'interactions.csv': SMALL,
    'items.csv.gz': 'item,title,categories\nz,"Soap, green",Bath|Soap\nx,,\nunused,Other,Other\n',
  })
  const items = readItems((await readDataset({ directory })).items)
  expect(items.strings('title')).toEqual([null, null, 'Soap, green'])
  expect(items.lists('categories')).toEqual([[], [], ['Bath', 'Soap']])
})

test('times that are mere positions are an order, and cannot be filtered by date', async () => {
  const directory = await folder({ 'interactions.csv.gz': log(5, 4, 6, (_, k) => k) })
  const dataset = await readDataset({ directory })
  expect(dataset.time).toBe('order')
  expect(readInteractions(dataset.interactions).timestamps).toBeUndefined()
  expect(dataset.notes.join()).toContain('Only the order')
  expect(await rejectionOf(readDataset({ directory, from: new Date(0) }))).toContain('NO_TIMES')
})

test('a line that cannot be read does not turn positions into times', async () => {
  const lines = log(150, 4, 60, (_, k) => k).split('\n')
  lines[10] = 'broken'
  const directory = await folder({ 'interactions.csv': lines.join('\n') })
  expect((await readDataset({ directory, maxBroken: 0.01 })).time).toBe('order')
})

test('rows of the same time are shuffled by the seed, rows of different times never', async () => {
  const directory = await folder({ 'interactions.csv.gz': log(40, 8, 400, (_, k) => 1e9 + Math.floor(k / 4)) })
  const itemsOf = async (seed: number) => [
    ...readInteractions((await readDataset({ directory, seed })).interactions).items,
  ]
  const one = await itemsOf(1)
  expect(await itemsOf(1)).toEqual(one)
  expect(await itemsOf(2)).not.toEqual(one)
  const untouched = [
    ...readInteractions(
      (await readDataset({ directory: await folder({ 'interactions.csv.gz': log(40, 8, 400) }) })).interactions,
    ).items,
  ]
  for (let start = 0; start < one.length; start += 4) {
    expect(new Set(one.slice(start, start + 4))).toEqual(new Set(untouched.slice(start, start + 4)))
  }
})

test('the fingerprint changes with the data and with the options, and can be recomputed from the tables', async () => {
  const directory = await folder({ 'interactions.csv.gz': log(12, 6, 9) })
  const dataset = await readDataset({ directory })
  expect(dataset.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(fingerprint(dataset.items, dataset.interactions, dataset.options)).toBe(dataset.fingerprint)
  expect((await readDataset({ directory })).fingerprint).toBe(dataset.fingerprint)
  expect((await readDataset({ directory, seed: 5 })).fingerprint).not.toBe(dataset.fingerprint)
  const other = await folder({ 'interactions.csv.gz': log(12, 6, 9).replace('u3,i3,', 'u3,i1,') })
  expect((await readDataset({ directory: other, duplicates: 'keep' })).fingerprint).not.toBe(
    (await readDataset({ directory, duplicates: 'keep' })).fingerprint,
  )
})

test('repeated interactions, low ratings and dates outside are left out and counted', async () => {
  const directory = await folder({
    'interactions.csv': `user,item,rating,timestamp\n${['a,x,5,10', 'a,y,4,20', 'a,x,5,30', 'a,z,2,25', 'b,x,3,70'].join('\n')}\n`,
  })
  const first = await readDataset({ directory, minRating: 3, to: new Date(60_000) })
  expect([...readInteractions(first.interactions).items]).toEqual([0, 1])
  expect(first.counts).toMatchObject({ read: 5, filtered: 2, duplicates: 1, interactions: 2 })
  const last = await readDataset({ directory, duplicates: 'last' })
  expect([...(readInteractions(last.interactions).timestamps ?? [])]).toEqual([20_000, 25_000, 30_000, 70_000])
  expect((await readDataset({ directory, duplicates: 'keep' })).counts.interactions).toBe(5)
})

test('a user with one interaction stays in the log, and the notes say so', async () => {
  const directory = await folder({ 'interactions.csv': 'user,item,timestamp\na,x,10\nb,x,10\nb,y,20\n' })
  const dataset = await readDataset({ directory })
  expect(dataset.counts.users).toBe(2)
  expect(dataset.notes.join()).toContain('1 users have one interaction only')
})

test.each([
  ['no such folder', {}, 'NO_SUCH_FOLDER', 'missing'],
  ['a folder without interactions', { 'sub/notes.txt': 'x' }, 'NO_SUCH_FILE', 'sub'],
  ['an empty file', { 'interactions.csv': '' }, 'EMPTY_FILE', undefined],
  ['an empty compressed file', { 'interactions.csv.gz': gzipSync('') }, 'EMPTY_FILE', undefined],
  ['a header alone', { 'interactions.csv': 'user,item,timestamp\n' }, 'EMPTY_FILE', undefined],
  ['a file that is no gzip', { 'interactions.csv.gz': new Uint8Array(100).fill(7) }, 'TRUNCATED_FILE', undefined],
  ['a missing column', { 'interactions.csv': 'user,items,timestamp\na,b,1\n' }, 'MISSING_COLUMN', undefined],
  ['a last line cut off', { 'interactions.csv': `${log(9, 9, 9)}u1,i` }, 'TRUNCATED_FILE', undefined],
  ['filters that leave nothing', { 'interactions.csv': 'user,item,timestamp\na,b,10\n' }, 'NOTHING_LEFT', 'core'],
])('%s is an error that names the file', async (_, files, code, name) => {
  const directory = await folder(files)
  const options = name === 'core' ? { directory, kCore: 3 } : { directory, name }
  expect(await rejectionOf(readDataset(options))).toContain(code)
})

test('a compressed file that was cut off is an error, although its first half can be read', async () => {
  const whole = gzipSync(log(200, 20, 50, (u, k) => 1e9 + ((u * 7919 + k * 104729) % 1e6)))
  const directory = await folder({ 'interactions.csv.gz': whole.subarray(0, whole.length >> 1) })
  expect(await rejectionOf(readDataset({ directory }))).toMatch(/TRUNCATED_FILE.*interactions\.csv\.gz/)
})

test('broken lines up to a share are left out and counted; above it the error gives their numbers', async () => {
  const lines = log(100, 5, 30).split('\n')
  lines[10] = 'u1,i2'
  lines[20] = 'u3,i4,yesterday'
  lines[30] = 'u5,,100'
  const directory = await folder({ 'interactions.csv': lines.join('\n') })
  expect(await rejectionOf(readDataset({ directory }))).toMatch(/BROKEN_LINES.* line 11 .* line 21 .* line 31 /)
  const dataset = await readDataset({ directory, maxBroken: 0.01 })
  expect(dataset.counts).toMatchObject({ read: 500, broken: 3 })
  expect(dataset.notes.join()).toContain(
    '3 of 500 lines of interactions.csv could not be read and were left out: line 11',
  )
})

test('data sets are found in the first folder that holds one, and a mistyped name gets a suggestion', async () => {
  const directory = await folder({
    'beauty/interactions.csv': SMALL,
    'toys/interactions.csv.gz': SMALL,
    'notes.txt': '',
  })
  expect(await listDatasets(directory)).toEqual(['beauty', 'toys'])
  expect(await findDataDirectory([undefined, '', '/no/such/folder', directory])).toBe(directory)
  expect(await findDataDirectory(['/no/such/folder'])).toBeUndefined()
  expect(await rejectionOf(readDataset({ directory, name: 'beuaty' }))).toContain('Did you mean "beauty"?')
})
