import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readCases, readItems, readRecommendations, readSequences, SparcError, writeTable } from '@sparc/tables'
import { afterAll, describe, expect, test } from 'vitest'
import { recall } from '../metrics/accuracy.ts'
import { evaluate } from '../metrics/evaluate.ts'
import { type EvaluationFiles, readEvaluation } from './read-evaluation.ts'

const directory = await mkdtemp(join(tmpdir(), 'sparc-eval-files-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

/** Lists as ids, by user. */
function plain(ids: string[], users: string[], lists: { offsets: Int32Array; values: Int32Array }) {
  return users.map((user, row) => [
    user,
    Array.from(lists.values.subarray(lists.offsets[row], lists.offsets[row + 1]), (item) => ids[item]).join(' '),
  ])
}

async function recommended(content: string, name = 'found.csv', more: Partial<EvaluationFiles> = {}) {
  const found = await file(name, content)
  const targets = await file('some-targets.csv', 'user,item\nann,a\n')
  const { items, recommendations } = await readEvaluation({ targets, recommendations: { found }, ...more })
  const { users, items: lists, scores } = readRecommendations(recommendations.found)
  return { lists: plain(readItems(items).ids, users, lists), scores: [...scores] }
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run
  } catch (error) {
    if (SparcError.isInstance(error)) return error.code
    throw error
  }
  return 'no error'
}

describe('lists', () => {
  test('a line for each item, ordered by score, by rank, or as they come', async () => {
    expect(await recommended('user,item,score\nann,a,0.25\nbob,a,1\nann,b,0.5\n')).toEqual({
      lists: [
        ['ann', 'b a'],
        ['bob', 'a'],
      ],
      scores: [0.5, 0.25, 1],
    })
    expect(await recommended('item,user,rank\na,ann,2\nb,ann,1\n')).toEqual({
      lists: [['ann', 'b a']],
      scores: [-1, -2],
    })
    expect(await recommended('user,item\nann,b\nann,a\n')).toEqual({ lists: [['ann', 'b a']], scores: [-0, -1] })
  })

  test('a line for each user', async () => {
    expect((await recommended('user,items\nann,b a\nbob,\n')).lists).toEqual([
      ['ann', 'b a'],
      ['bob', ''],
    ])
    expect((await recommended('user,items,scores\nann,b a,1 2\n')).lists).toEqual([['ann', 'a b']])
  })

  test('with tabs, gzipped, with quotes and a byte order mark', async () => {
    expect((await recommended('user\titem\nann\tb\n', 'found.tsv')).lists).toEqual([['ann', 'b']])
    const gzipped = await file('found.csv.gz', gzipSync('user,item\nann,b\n'))
    const targets = await file('some-targets.csv', 'user,item\nann,a\n')
    const { recommendations } = await readEvaluation({ targets, recommendations: { gzipped } })
    expect(recommendations.gzipped.numRows).toBe(1)
    expect((await recommended('\uFEFFuser,item\r\n"a, ""b""",b\r\n')).lists).toEqual([['a, "b"', 'b']])
  })

  test('under the usual names, or names of your own', async () => {
    expect((await recommended('user_id,item_id,prediction\nann,b,1\nann,a,2\n')).lists).toEqual([['ann', 'a b']])
    const targets = await file('own.csv', 'wer,was\nann,a\n')
    const columns = { user: 'wer', item: 'was' }
    expect((await recommended('wer,was\nann,b\n', 'own-found.csv', { targets, columns })).lists).toEqual([['ann', 'b']])
  })
})

describe('an evaluation from files', () => {
  test('is the one of the tables', async () => {
    const targets = await file('targets.csv', 'user,item\nann,a\nann,b\nbob,c\n')
    const mine = await file('mine.csv', 'user,item,score\nbob,c,1\nann,z,0.9\nann,a,0.2\n')
    const train = await file('train.csv', 'user,items\nx,c a\n')
    const history = await file('history.csv', 'user,items\nbob,a z\nzoe,a\n')
    const input = await readEvaluation({ targets, recommendations: { mine }, train, history })
    // Numbered as they first appear, training first.
    const { ids } = readItems(input.items)
    expect(ids).toEqual(['c', 'a', 'z', 'b'])
    const cases = readCases(input.cases)
    expect(plain(ids, cases.users, cases.history)).toEqual([
      ['ann', ''],
      ['bob', 'a z'],
    ])
    expect(plain(ids, ['x'], readSequences(input.train!).items)).toEqual([['x', 'c a']])
    const report = evaluate(input.recommendations.mine, input.cases, {
      metrics: [recall(2)],
      items: input.items,
      train: input.train,
    })
    expect(report.metrics['recall@2'].mean).toBe(0.75)
  })

  test('has the features of the items file', async () => {
    const items = await file('items.csv', 'id,brand,categories\na,acme,hair|oil\nb,,\n')
    const targets = await file('targets-a.csv', 'user,item\nann,a\n')
    const input = await readEvaluation({ targets, recommendations: {}, items })
    expect(readItems(input.items).strings('brand')).toEqual(['acme', null])
    expect(readItems(input.items).lists('categories')).toEqual([['hair', 'oil'], []])
  })

  test('refuses ids that the items file does not have, or counts them as misses', async () => {
    const items = await file('items-ab.csv', 'id\na\nb\n')
    const targets = await file('targets-az.csv', 'user,item\nann,a\nann,z\n')
    const mine = await file('mine-ay.csv', 'user,items\nann,y a\n')
    const files = { targets, recommendations: { mine }, items }
    const refusal = readEvaluation(files)
    await expect(refusal).rejects.toThrow('targets-az.csv, line 3, names an item')
    const input = await readEvaluation({ ...files, outside: 'miss' })
    const report = evaluate(input.recommendations.mine, input.cases, {
      metrics: [recall(2)],
      items: input.items,
      outside: 'miss',
    })
    expect(report.metrics['recall@2'].mean).toBe(0.5)
    expect(report.input).toMatchObject({ unknownItems: 1, unknownTargets: 1 })
  })

  test('reads Arrow files where the items are given', async () => {
    const targets = await file('targets-b.csv', 'user,item\nann,b\n')
    const mine = await file('mine-b.csv', 'user,item\nann,b\n')
    const first = await readEvaluation({ targets, recommendations: { mine } })
    const paths = {
      items: join(directory, 'items.arrow'),
      cases: join(directory, 'cases.arrow'),
      mine: join(directory, 'mine.arrow'),
    }
    await writeTable(paths.items, first.items)
    await writeTable(paths.cases, first.cases)
    await writeTable(paths.mine, first.recommendations.mine)
    const files = { targets: paths.cases, recommendations: { mine: paths.mine } }
    const { recommendations, cases, items } = await readEvaluation({ ...files, items: paths.items })
    expect(evaluate(recommendations.mine, cases, { metrics: [recall(1)], items }).metrics['recall@1'].mean).toBe(1)
    expect(await codeOf(readEvaluation(files))).toBe('ITEMS_FILE_NEEDED')
  })
})

test.each([
  ['a file that is not there', undefined, 'NO_SUCH_FILE'],
  ['a file with a header only', 'user,item\n', 'EMPTY_FILE'],
  ['no column of users', 'uzer,item\nann,a\n', 'MISSING_COLUMN'],
  ['no column of items', 'user,itm\nann,a\n', 'MISSING_COLUMN'],
  ['a line without a user', 'user,item\n,a\n', 'BROKEN_LINE'],
  ['a line without an item', 'user,item\nann,\n', 'BROKEN_LINE'],
  ['a line with too many fields', 'user,item\nann,a,b\n', 'BROKEN_CSV'],
  ['a quote that never ends', 'user,item\nann,"a\n', 'BROKEN_CSV'],
  ['a score that is no number', 'user,item,score\nann,a,high\n', 'BROKEN_LINE'],
  ['more items than scores', 'user,items,scores\nann,a b,1\n', 'BROKEN_LINE'],
])('refuses %s', async (_, content, code) => {
  const targets = content === undefined ? join(directory, 'none.csv') : await file('broken.csv', content)
  expect(await codeOf(readEvaluation({ targets, recommendations: {} }))).toBe(code)
})

test('refuses half a gzip file, an id twice in the items file, and options that are none', async () => {
  const whole = gzipSync('user,item\nann,a\n'.repeat(500))
  const targets = await file('half.csv.gz', whole.subarray(0, whole.length / 2))
  expect(await codeOf(readEvaluation({ targets, recommendations: {} }))).toBe('BROKEN_GZIP')
  const items = await file('twice.csv', 'id\na\na\n')
  expect(await codeOf(readEvaluation({ targets, recommendations: {}, items }))).toBe('DUPLICATE_ITEM_ID')
  const options: EvaluationFiles & { target: string } = { targets, recommendations: {}, target: 'x' }
  expect(await codeOf(readEvaluation(options))).toBe('UNKNOWN_OPTION')
})
