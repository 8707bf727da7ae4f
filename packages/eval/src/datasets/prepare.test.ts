import { join } from 'node:path'
import { CancelledError, readInteractions, readItems } from '@sparc/tables'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { folder, log } from './folder.fixture.ts'
import { type ImportProgress, importFile } from './index.ts'

interface Row {
  user: string
  item: string
  rating: number
  timestamp: number
}

interface Wanted {
  minRating?: number
  duplicates: 'first' | 'last' | 'keep'
  kCore?: { users: number; items: number; iterated: boolean }
}

/** What the preparation promises, in plain loops over rows with all times different. */
function reference(rows: Row[], { minRating, duplicates, kCore }: Wanted): Row[] {
  let left = rows.filter((row) => minRating === undefined || row.rating >= minRating)
  const key = (row: Row) => `${row.user} ${row.item}`
  if (duplicates !== 'keep') {
    left = left.filter((row) =>
      left.every((other) => {
        if (key(other) !== key(row)) return true
        return duplicates === 'first' ? other.timestamp >= row.timestamp : other.timestamp <= row.timestamp
      }),
    )
  }
  for (let before = -1; kCore && before !== left.length; ) {
    before = left.length
    const of = (side: 'user' | 'item') => (row: Row) => left.filter((other) => other[side] === row[side]).length
    left = left.filter((row) => of('item')(row) >= kCore.items)
    left = left.filter((row) => of('user')(row) >= kCore.users)
    if (!kCore.iterated) break
  }
  return left
}

const rows = fc
  .array(fc.record({ user: fc.nat(6), item: fc.nat(6), rating: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 50,
  })
  .chain((list) =>
    fc.shuffledSubarray([...list.keys()], { minLength: list.length }).map((times) =>
      list.map(
        ({ user, item, rating }, r): Row => ({
          user: `u${user}`,
          item: `i${item}`,
          rating,
          timestamp: 1e9 + 7 * times[r],
        }),
      ),
    ),
  )
const wanted: fc.Arbitrary<Wanted> = fc.record(
  {
    minRating: fc.integer({ min: 1, max: 4 }),
    duplicates: fc.constantFrom('first', 'last', 'keep'),
    kCore: fc.record({
      users: fc.integer({ min: 1, max: 3 }),
      items: fc.integer({ min: 1, max: 3 }),
      iterated: fc.boolean(),
    }),
  },
  { requiredKeys: ['duplicates'] },
)

test('filters, de-duplication, k-core and order are those of the definition in plain loops', async () => {
  await fc.assert(
    fc.asyncProperty(rows, wanted, async (source, options) => {
      const expected = reference(source, options)
      const lines = source.map((row) => `${row.user},${row.item},${row.rating},${row.timestamp}`)
      const directory = await folder({ 'a.csv': `user,item,rating,timestamp\n${lines.join('\n')}\n` })
      const importing = importFile({ path: join(directory, 'a.csv'), columns: { rating: 'rating' }, ...options })
      if (expected.length === 0) {
        await expect(importing).rejects.toMatchObject({ code: 'NOTHING_LEFT' })
        return
      }
      const dataset = await importing
      const { userIds, users, items, timestamps } = readInteractions(dataset.interactions)
      const { ids } = readItems(dataset.items)
      expect(ids).toEqual([...new Set(expected.map((row) => row.item))])
      expect(userIds).toEqual([...new Set(expected.map((row) => row.user))])
      const sorted = userIds.flatMap((user) =>
        expected.filter((row) => row.user === user).sort((a, b) => a.timestamp - b.timestamp),
      )
      expect([...items].map((item, r) => [userIds[users[r]], ids[item], timestamps?.[r]])).toEqual(
        sorted.map((row) => [row.user, row.item, row.timestamp * 1000]),
      )
      const { read, broken, filtered, duplicates, sparse, interactions } = dataset.counts
      expect(read).toBe(source.length)
      expect(read - broken - filtered - duplicates - sparse).toBe(interactions)
    }),
    { numRuns: 25 },
  )
})

test('each stage is told, and from the cache only that it came from there', async () => {
  const directory = await folder({ 'a.csv': log(9, 5, 20), 'items.csv': 'item,title\ni1,Tea\n' })
  const stages: string[] = []
  const onProgress = ({ stage, rows: count }: ImportProgress) => stages.push(`${stage} ${count ?? ''}`.trim())
  const items = { path: join(directory, 'items.csv'), texts: ['title'] }
  const options = { path: join(directory, 'a.csv'), items, cache: join(directory, 'cache'), onProgress }
  await importFile(options)
  await importFile(options)
  expect(stages).toEqual(['reading', 'filtering 45', 'collecting 45', 'features 20', 'cached 45'])
})

test('too little memory is a typed error that says what to do, and a size that is none is refused', async () => {
  const path = join(await folder({ 'a.csv': log(50, 20, 90) }), 'a.csv')
  await expect(importFile({ path, memory: '1MB' })).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
  await expect(importFile({ path, memory: 'lots' })).rejects.toThrow(/"memory".*a size such as 4GB/)
})

test('a signal stops the import, before it begins and in the middle', async () => {
  const path = join(await folder({ 'a.csv': log(50, 20, 90) }), 'a.csv')
  await expect(importFile({ path, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  const abort = new AbortController()
  const onProgress = ({ stage }: ImportProgress) => stage === 'collecting' && abort.abort()
  const error = await importFile({ path, signal: abort.signal, onProgress }).catch((thrown: unknown) => thrown)
  expect(CancelledError.isInstance(error)).toBe(true)
})
