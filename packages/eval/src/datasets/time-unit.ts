import type { Database } from './duckdb.ts'

/** How the source's times are to be read; `auto` looks at their size, and at whether they are mere positions. */
export type TimeUnit = 'auto' | 'seconds' | 'milliseconds' | 'order'

/**
 * Whether the times of users are exactly 0, 1, 2, ...: positions, not times. One user in a hundred may differ, since a
 * line that could not be read leaves a gap.
 */
async function holdsPositions(db: Database): Promise<boolean> {
  const last = await db.one('SELECT max(time) FROM raw')
  if (last === null) return true
  if (Number(last) >= 1e7) return false
  const share = await db.one(`SELECT avg((least = 0 AND most = places - 1 AND times = places)::INTEGER) FROM
    (SELECT min(time) AS least, max(time) AS most, count(*) AS places, count(DISTINCT time) AS times
      FROM raw GROUP BY "user")`)
  return Number(share) >= 0.99
}

/** How to turn the source's time into milliseconds, or undefined where it is an order only. */
export async function timeFactor(db: Database, unit: TimeUnit): Promise<number | undefined> {
  if (unit === 'order' || (unit === 'auto' && (await holdsPositions(db)))) return undefined
  if (unit !== 'auto') return unit === 'seconds' ? 1000 : 1
  // 1e11 seconds is the year 5138, 1e11 milliseconds is 1973: what lies above is milliseconds.
  return Number(await db.one('SELECT median(abs(time)) FROM raw')) >= 1e11 ? 1 : 1000
}
