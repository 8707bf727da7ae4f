import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readInteractions, readItems, writeTable } from '@sparc/tables'
import { Field, List, Table, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow'
import { expect, test } from 'vitest'
import { rejectionOf } from '../error-code.fixture.ts'
import { text, withDatabase } from './duckdb.ts'
import { folder } from './folder.fixture.ts'
import { importFile } from './index.ts'

const ROWS = [
  { who: 'ann', sku: 'x', at: 1_400_000_000, stars: 5 },
  { who: 'ann', sku: 'y', at: 1_400_000_100, stars: 1 },
  { who: 'bob', sku: 'x', at: 1_400_000_200, stars: 4 },
]
const COLUMNS = { user: 'who', item: 'sku', timestamp: 'at' }
const EXPECTED = {
  userIds: ['ann', 'bob'],
  users: [0, 0, 1],
  items: [0, 1, 0],
  timestamps: ROWS.map(({ at }) => at * 1000),
}

async function contents(options: Parameters<typeof importFile>[0]): Promise<typeof EXPECTED> {
  const { userIds, users, items, timestamps } = readInteractions((await importFile(options)).interactions)
  return { userIds, users: [...users], items: [...items], timestamps: [...(timestamps ?? [])] }
}

const csv = (rows = ROWS) => `who,stars,sku,at\n${rows.map((r) => `${r.who},${r.stars},${r.sku},${r.at}`).join('\n')}\n`
const jsonl = () => ROWS.map((row) => JSON.stringify(row)).join('\n')

test('the same rows come out of CSV, TSV, headerless CSV, JSON lines, Parquet and Arrow', async () => {
  const directory = await folder({
    'a.csv': csv(),
    'b.tsv.gz': csv().replaceAll(',', '\t'),
    'c.txt': csv().split('\n').slice(1).join('\n'),
    'd.jsonl': jsonl(),
    'e.ndjson.gz': jsonl(),
  })
  await withDatabase({}, (db) =>
    db.run(`COPY (FROM read_csv(${text(join(directory, 'a.csv'))})) TO ${text(join(directory, 'f.parquet'))}`),
  )
  await writeTable(
    join(directory, 'g.arrow'),
    new Table({
      who: vectorFromArray(ROWS.map(({ who }) => who)),
      sku: vectorFromArray(
        ROWS.map(({ sku }) => sku),
        new Utf8(),
      ),
      at: vectorFromArray(
        ROWS.map(({ at }) => at * 1000),
        new TimestampMillisecond(),
      ),
    }),
  )
  for (const name of ['a.csv', 'b.tsv.gz', 'd.jsonl', 'e.ndjson.gz', 'f.parquet', 'g.arrow']) {
    expect(await contents({ path: join(directory, name), columns: COLUMNS }), name).toEqual(EXPECTED)
  }
  const header = ['who', 'stars', 'sku', 'at']
  expect(await contents({ path: join(directory, 'c.txt'), header, columns: COLUMNS })).toEqual(EXPECTED)
})

test('dates as text are times, in CSV and in JSON lines', async () => {
  const dated = ROWS.map((row) => ({
    ...row,
    at: new Date(row.at * 1000).toISOString().replace('T', ' ').slice(0, 19),
  }))
  const directory = await folder({
    'a.csv': `who,sku,at\n${dated.map((r) => `${r.who},${r.sku},${r.at}`).join('\n')}\n`,
    'b.jsonl': dated.map((row) => JSON.stringify(row)).join('\n'),
  })
  expect(await contents({ path: join(directory, 'a.csv'), columns: COLUMNS })).toEqual(EXPECTED)
  expect(await contents({ path: join(directory, 'b.jsonl'), columns: COLUMNS })).toEqual(EXPECTED)
})

test('several files are read one after the other, and a file without times keeps its order', async () => {
  const directory = await folder({ 'a.csv': 'user,item\nann,z\nann,y\n', 'b.csv': 'user,item\nann,x\nbob,z\n' })
  const path = ['a.csv', 'b.csv'].map((name) => join(directory, name))
  const dataset = await importFile({ path, columns: { timestamp: null } })
  expect(dataset.time).toBe('order')
  expect(readItems(dataset.items).ids).toEqual(['z', 'y', 'x'])
  expect([...readInteractions(dataset.interactions).items]).toEqual([0, 1, 2, 0])
})

test('a file whose name looks like a pattern is that file and no other', async () => {
  const name = "it's [1]* or?.csv"
  const directory = await folder({ [name]: csv(), "it's 1 or2.csv": 'who,sku,at\nzoe,q,5\n' })
  expect(await contents({ path: join(directory, name), columns: COLUMNS })).toEqual(EXPECTED)
})

test('what DuckDB cannot read is a typed error, with its own words as the cause', async () => {
  const directory = await folder({ 'a.csv': 'user,item,timestamp,item\na,b,1,c\n' })
  const error = await importFile({ path: join(directory, 'a.csv') }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'IMPORT_FAILED', cause: expect.any(Error) })
})

test('seconds and milliseconds are told apart by their size, or by the option', async () => {
  const directory = await folder({ 'a.csv': csv(ROWS.map((row) => ({ ...row, at: row.at * 1000 }))) })
  const path = join(directory, 'a.csv')
  expect((await contents({ path, columns: COLUMNS })).timestamps).toEqual(EXPECTED.timestamps)
  expect((await contents({ path, columns: COLUMNS, timeUnit: 'seconds' })).timestamps[0]).toBe(1.4e15)
})

test('item features come from any format, lists as lists or split at the separator', async () => {
  const directory = await folder({
    'a.csv': csv(),
    'items.jsonl': '{"sku":"y","title":"Tea","tags":["hot","leaf"]}\n{"sku":"x","title":null}\n',
    'items.csv': 'sku,title,tags\ny,Tea,hot;leaf\nx,,\n',
    'items.arrow': '',
  })
  await writeTable(
    join(directory, 'items.arrow'),
    new Table({
      sku: vectorFromArray(['y', 'x']),
      title: vectorFromArray(['Tea', null], new Utf8()),
      tags: vectorFromArray([['hot', 'leaf'], []], new List(Field.new('item', new Utf8(), true))),
    }),
  )
  const parquet = text(join(directory, 'items.parquet'))
  await withDatabase({}, (db) => db.run(`COPY (FROM read_json(${text(join(directory, 'items.jsonl'))})) TO ${parquet}`))
  for (const name of ['items.jsonl', 'items.csv', 'items.arrow', 'items.parquet']) {
    const items = { path: join(directory, name), id: 'sku', texts: ['title'], lists: ['tags'], separator: ';' }
    const read = readItems((await importFile({ path: join(directory, 'a.csv'), columns: COLUMNS, items })).items)
    expect(read.strings('title'), name).toEqual([null, 'Tea'])
    expect(read.lists('tags'), name).toEqual([[], ['hot', 'leaf']])
  }
})

test('broken JSON lines are counted, and named by their numbers, blank lines included', async () => {
  const lines = Array.from({ length: 200 }, (_, k) =>
    JSON.stringify({ user: `u${k % 9}`, item: `i${k}`, timestamp: 1e9 + k }),
  )
  lines[4] = '{"user": "u1", "item'
  lines.splice(10, 0, '')
  lines[50] = '[1, 2]'
  lines[90] = '{"user": "u1", "timestamp": 5}'
  lines[120] = '{"user": "u1", "item": "i3", "timestamp": "soon"}'
  const directory = await folder({ 'a.jsonl': lines.join('\n') })
  const path = join(directory, 'a.jsonl')
  expect(await rejectionOf(importFile({ path }))).toMatch(
    /BROKEN_LINES 4 of 200.*line 5 .*line 51 .*line 91 .*line 121 /,
  )
  const dataset = await importFile({ path, maxBroken: 0.02 })
  expect(dataset.counts).toMatchObject({ read: 200, broken: 4, interactions: 196 })
})

test.each([
  ['a Parquet file that was cut off', 'DAMAGED_FILE'],
  ['a key that no line has', 'MISSING_COLUMN'],
  ['a JSON file cut off in its last line', 'TRUNCATED_FILE'],
  ['an unknown format', 'UNKNOWN_FORMAT'],
  ['ratings that are not there', 'NO_RATINGS'],
])('%s is an error', async (what, code) => {
  const directory = await folder({
    'a.csv': csv(),
    'a.jsonl': jsonl().slice(0, -5),
    'b.xyz': 'x',
    'b.jsonl': `${jsonl()}\n`,
  })
  const parquet = join(directory, 'a.parquet')
  await withDatabase({}, (db) => db.run(`COPY (FROM range(1000)) TO ${text(parquet)}`))
  const cut = await folder({ 'cut.parquet': (await readFile(parquet)).subarray(0, 200) })
  const options = {
    'a Parquet file that was cut off': { path: join(cut, 'cut.parquet'), columns: COLUMNS },
    'a key that no line has': { path: join(directory, 'b.jsonl'), columns: { ...COLUMNS, item: 'sk' } },
    'a JSON file cut off in its last line': { path: join(directory, 'a.jsonl'), columns: COLUMNS },
    'an unknown format': { path: join(directory, 'b.xyz') },
    'ratings that are not there': { path: join(directory, 'a.csv'), columns: COLUMNS, minRating: 3 },
  }[what]
  if (!options) throw new Error(what)
  expect(await rejectionOf(importFile(options))).toContain(code)
})
