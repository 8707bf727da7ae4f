import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withDatabase } from './duckdb.ts'
import { type KCore, keepCore } from './k-core.ts'

type Row = [user: number, item: number]

function counts(rows: Row[], side: 0 | 1): Map<number, number> {
  const found = new Map<number, number>()
  for (const row of rows) found.set(row[side], (found.get(row[side]) ?? 0) + 1)
  return found
}

/** The definition in plain loops. */
function reference(rows: Row[], core: KCore): Row[] {
  const items = counts(rows, 1)
  const some = rows.filter(([, item]) => (items.get(item) ?? 0) >= core.items)
  const users = counts(some, 0)
  const left = some.filter(([user]) => (users.get(user) ?? 0) >= core.users)
  return core.iterated && left.length < rows.length ? reference(left, core) : left
}

test('the SQL keeps the same rows as the definition in plain loops, one pass or iterated', async () => {
  await withDatabase({}, (db) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { minLength: 1, maxLength: 60 }),
        fc.record({
          users: fc.integer({ min: 1, max: 5 }),
          items: fc.integer({ min: 1, max: 5 }),
          iterated: fc.boolean(),
        }),
        async (rows: Row[], core) => {
          await db.run('CREATE OR REPLACE TABLE log ("user" INTEGER, item INTEGER, position INTEGER)')
          const values = rows.map(([user, item], position) => `(${user}, ${item}, ${position})`)
          await db.run(`INSERT INTO log VALUES ${values.join(', ')}`)
          await keepCore(db, 'log', core)
          const left = await db.rows('SELECT "user", item FROM log ORDER BY position')
          expect(left).toEqual(reference(rows, core))
        },
      ),
      { numRuns: 40 },
    ),
  )
})
