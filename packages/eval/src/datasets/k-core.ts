import type { Database } from './duckdb.ts'

export interface KCore {
  /** Least interactions of a user. */
  users: number
  /** Least interactions of an item. */
  items: number
  /** Repeat until nothing more falls out; otherwise both are counted once, on the same rows. */
  iterated: boolean
}

/**
 * Leaves in `table` (columns `user`, `item`) the rows whose user and item have enough interactions.
 *
 * @returns how many passes it took
 */
export async function keepCore(db: Database, table: string, core: KCore): Promise<number> {
  let rows = Number(await db.one(`SELECT count(*) FROM ${table}`))
  for (let pass = 1; ; pass++) {
    await db.run(`CREATE TABLE core AS SELECT * FROM ${table}
      WHERE "user" IN (SELECT "user" FROM ${table} GROUP BY "user" HAVING count(*) >= ${core.users})
        AND item IN (SELECT item FROM ${table} GROUP BY item HAVING count(*) >= ${core.items})`)
    await db.run(`DROP TABLE ${table}; ALTER TABLE core RENAME TO ${table}`)
    const left = Number(await db.one(`SELECT count(*) FROM ${table}`))
    if (!core.iterated || left === rows) return pass
    rows = left
  }
}
