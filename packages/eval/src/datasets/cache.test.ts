import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readInteractions, readTable } from '@sparc/tables'
import { expect, test } from 'vitest'
import { makeSyntheticWorld } from '../synthetic/index.ts'
import { folder, log } from './folder.fixture.ts'
import { type Dataset, importFile, openDataset, readDataset, saveDataset } from './index.ts'

const PUBLISHED = 'part,user,items\ntrain,u0,i1 i0 i2\nvalidation,u1,i7 i8 i9\ntest,u2,i14 i15 i16\n'

async function fileOf(directory: string, start: string): Promise<string> {
  const name = (await readdir(directory)).find((entry) => entry.startsWith(start))
  if (!name) throw new Error(`no ${start}`)
  return join(directory, name)
}

function same(one: Dataset, other: Dataset): void {
  const { items, interactions, ...rest } = one
  expect({ ...other, items: undefined, interactions: undefined }).toEqual({
    ...rest,
    items: undefined,
    interactions: undefined,
  })
  expect(readInteractions(other.interactions)).toEqual(readInteractions(interactions))
  expect(other.items.toArray().map(String)).toEqual(items.toArray().map(String))
}

test('a data set is saved and opened whole: tables, counts, notes and the published split', async () => {
  const source = await folder({
    'interactions.csv': log(3, 3, 90),
    'items.csv': 'item,title,categories\ni0,Tea,Hot|Leaf\n',
    'by-user-1230.csv': PUBLISHED,
  })
  const dataset = await readDataset({ directory: source, kCore: { users: 2, items: 1 } })
  const directory = join(await folder({}), 'saved')
  await saveDataset(directory, dataset)
  same(dataset, await openDataset(directory))
  expect(dataset.published?.items.values.length).toBe(9)
  const table = await readTable(await fileOf(directory, 'interactions-'))
  expect(table.numRows).toBe(9)
})

test.each([
  ['truncated', 'TRUNCATED', (path: string) => truncate(path, 100)],
  [
    'changed',
    'CHECKSUM',
    async (path: string) => {
      const bytes = await readFile(path)
      bytes[bytes.length >> 1] ^= 1
      await writeFile(path, bytes)
    },
  ],
])('a %s file is refused', async (_, code, damage) => {
  const directory = join(await folder({}), 'saved')
  await saveDataset(directory, await readDataset({ directory: await folder({ 'interactions.csv': log(30, 5, 90) }) }))
  await damage(await fileOf(directory, 'interactions-'))
  await expect(openDataset(directory)).rejects.toMatchObject({ code })
})

test('another fingerprint in the manifest, a newer version and a foreign folder are refused', async () => {
  const directory = join(await folder({}), 'saved')
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(30, 5, 90) }) })
  await saveDataset(directory, dataset)
  const path = join(directory, 'manifest.json')
  const manifest = await readFile(path, 'utf8')
  const change = async (from: string, to: string) => writeFile(path, manifest.replace(from, to))
  await change(dataset.fingerprint, '0123456789abcdef')
  await expect(openDataset(directory)).rejects.toMatchObject({ code: 'FINGERPRINT' })
  await change('"version": 1', '"version": 2')
  await expect(openDataset(directory)).rejects.toMatchObject({ code: 'NEWER_VERSION' })
  await change('sparc.dataset', 'sparc.model')
  await expect(openDataset(directory)).rejects.toMatchObject({ code: 'FOREIGN_FORMAT' })
  await change('"duplicates": "first"', '"duplicates": "some"')
  await expect(openDataset(directory)).rejects.toMatchObject({ code: 'NOT_A_MANIFEST' })
  await expect(openDataset(await folder({}))).rejects.toMatchObject({ code: 'NO_SUCH_FILE' })
})

test('the cache is used for the same sources and options, and only for them', async () => {
  const directory = await folder({ 'interactions.csv': log(30, 5, 40) })
  const cache = await folder({})
  const entries = async () => (await readdir(cache)).length
  const first = await readDataset({ directory, cache })
  same(first, await readDataset({ directory, cache, memory: '1GB' }))
  expect(await entries()).toBe(1)
  await readDataset({ directory, cache, seed: 5 })
  expect(await entries()).toBe(2)
  await writeFile(join(directory, 'interactions.csv'), log(31, 5, 40))
  expect((await readDataset({ directory, cache })).counts.users).toBe(31)
  expect(await entries()).toBe(3)
})

test('a damaged entry of the cache is made again', async () => {
  const path = join(await folder({ 'a.csv': log(30, 5, 40) }), 'a.csv')
  const cache = await folder({})
  const first = await importFile({ path, cache })
  const [entry] = await readdir(cache)
  await truncate(await fileOf(join(cache, entry), 'items-'), 50)
  same(first, await importFile({ path, cache }))
  same(first, await openDataset(join(cache, entry)))
})

test('a synthetic world can be saved too; its ground truth stays behind', async () => {
  const directory = join(await folder({}), 'world')
  const { truth: _, ...world } = makeSyntheticWorld({ users: 50, items: 40, interests: 4 })
  await saveDataset(directory, world)
  expect((await openDataset(directory)).fingerprint).toBe(world.fingerprint)
})
