import type { Database } from './duckdb.ts'

export interface KCore {
  /** Least interactions of a user. */
  users: number
  /** Least interactions of an item. */
  items: number
  /** Repeat until nothing more falls out. */
  iterated: boolean
}

/**
 * Leaves in `table` (columns `user`, `item`) the rows whose user and item have enough interactions. One pass drops
 * items first, and then the users that have too few of what is left, as is usual for the Amazon sets; after it some
 * items may have too few again, which is what `iterated` is for.
 *
 * @returns how many passes it took
 */
export async function keepCore(db: Database, table: string, core: KCore): Promise<number> {
  const keep = async (column: 'user' | 'item', least: number) => {
    await db.run(`CREATE TABLE core AS SELECT * FROM ${table}
      WHERE "${column}" IN (SELECT "${column}" FROM ${table} GROUP BY "${column}" HAVING count(*) >= ${least});
      DROP TABLE ${table}; ALTER TABLE core RENAME TO ${table}`)
  }
  const count = async () => Number(await db.one(`SELECT count(*) FROM ${table}`))
  for (let pass = 1, rows = await count(); ; pass++) {
    await keep('item', core.items)
    await keep('user', core.users)
    const left = await count()
    if (!core.iterated || left === rows) return pass
    rows = left
  }
}
