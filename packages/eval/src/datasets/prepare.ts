import { InvalidInputError, itemsKey, makeInteractions, makeItems, random } from '@sparc/tables'
import { z } from 'zod'
import { type Dataset, fingerprint, type PreparationCounts, type PreparationOptions } from '../dataset.ts'
import type { Database } from './duckdb.ts'
import type { ItemFeatures } from './features.ts'
import { keepCore } from './k-core.ts'

const count = z.int().positive()

/** Options of every importer: which rows stay, and how ties are broken. */
export const preparationShape = {
  /** Shuffles interactions of a user at the same time (default 1230). */
  seed: z.int().nonnegative().default(1230),
  /** Users and items with at least this many interactions: a number (iterated), or both numbers apart. */
  kCore: z
    .union([
      count,
      z.strictObject({ users: count.default(1), items: count.default(1), iterated: z.boolean().default(true) }),
    ])
    .optional(),
  /** Only interactions rated at least this. */
  minRating: z.number().optional(),
  /** Only interactions from this moment on (inclusive). */
  from: z.date().optional(),
  /** Only interactions before this moment (exclusive). */
  to: z.date().optional(),
  /** Which of a user's interactions with one item stay (default `first`). */
  duplicates: z.enum(['first', 'last', 'keep']).default('first'),
  /** The largest share of lines that may be broken (default 0.001). */
  maxBroken: z.number().min(0).max(1).default(0.001),
  /** What DuckDB may keep in memory, for example `4GB`. */
  memory: z.string().optional(),
  /** A folder for what DuckDB does not keep in memory. */
  temporary: z.string().optional(),
}
const preparation = z.strictObject(preparationShape)
export type ParsedPreparation = z.output<typeof preparation>

/** How the source's times are to be read; `auto` looks at their size, and at whether they are mere positions. */
export type TimeUnit = 'auto' | 'seconds' | 'milliseconds' | 'order'

export interface PrepareInput {
  name: string
  options: ParsedPreparation
  unit: TimeUnit
  /** Broken lines that were left out while reading. */
  broken: number
  notes: string[]
  features?: (db: Database, ids: string[]) => Promise<ItemFeatures>
}

/** The options that decide the rows, as they are kept and hashed. */
export function preparationOf(options: ParsedPreparation): PreparationOptions {
  const { kCore, from, to } = options
  return {
    seed: options.seed,
    kCore: typeof kCore === 'number' ? { users: kCore, items: kCore, iterated: true } : kCore,
    minRating: options.minRating,
    from: from?.getTime(),
    to: to?.getTime(),
    duplicates: options.duplicates,
  }
}

async function number(db: Database, sql: string): Promise<number> {
  return Number(await db.one(sql))
}

/** Whether every user's times are exactly 0, 1, 2, ...: positions, not times. */
async function holdsPositions(db: Database): Promise<boolean> {
  const last = await db.one('SELECT max(time) FROM raw')
  if (last === null) return true
  if (Number(last) >= 1e7) return false
  return (
    0 ===
    (await number(
      db,
      `SELECT count(*) FROM (SELECT 1 FROM raw GROUP BY "user"
    HAVING min(time) <> 0 OR max(time) <> count(*) - 1 OR count(DISTINCT time) <> count(*))`,
    ))
  )
}

/** How to turn the source's time into milliseconds, or undefined where it is an order only. */
async function timeFactor(db: Database, unit: TimeUnit): Promise<number | undefined> {
  if (unit === 'order' || (unit === 'auto' && (await holdsPositions(db)))) return undefined
  if (unit !== 'auto') return unit === 'seconds' ? 1000 : 1
  // 1e11 seconds is the year 5138, 1e11 milliseconds is 1973: what lies above is milliseconds.
  return Number(await db.one('SELECT median(abs(time)) FROM raw')) >= 1e11 ? 1 : 1000
}

async function filter(db: Database, options: PreparationOptions, counts: PreparationCounts): Promise<void> {
  const conditions = [
    options.minRating === undefined ? '' : `rating >= ${options.minRating}`,
    options.from === undefined ? '' : `time >= ${options.from}`,
    options.to === undefined ? '' : `time < ${options.to}`,
  ].filter(Boolean)
  if (conditions.length > 0) await db.run(`DELETE FROM log WHERE NOT coalesce(${conditions.join(' AND ')}, false)`)
  let rows = await number(db, 'SELECT count(*) FROM log')
  counts.filtered = counts.read - counts.broken - rows
  if (options.duplicates !== 'keep') {
    const order = options.duplicates === 'first' ? 'time, position' : 'time DESC, position DESC'
    await db.run(`CREATE TABLE single AS SELECT * FROM log
      QUALIFY row_number() OVER (PARTITION BY "user", item ORDER BY ${order}) = 1;
      DROP TABLE log; ALTER TABLE single RENAME TO log`)
    const left = await number(db, 'SELECT count(*) FROM log')
    counts.duplicates = rows - left
    rows = left
  }
  if (options.kCore) {
    await keepCore(db, 'log', options.kCore)
    counts.sparse = rows - (await number(db, 'SELECT count(*) FROM log'))
  }
}

/** Numbers users and items by first appearance among the rows of `log`, and gives back their ids in that order. */
async function numbered(db: Database, kind: 'user' | 'item'): Promise<string[]> {
  await db.run(`CREATE TABLE ${kind}_rows AS SELECT old, (row_number() OVER (ORDER BY first) - 1)::INTEGER AS row
    FROM (SELECT "${kind}" AS old, min(position) AS first FROM log GROUP BY "${kind}")`)
  const ids: string[] = []
  await db.each(
    `SELECT id FROM ${kind}_rows JOIN ${kind}_ids ON old = number ORDER BY row`,
    (_, cell) => void ids.push(String(cell(0))),
  )
  return ids
}

function shuffleTies(users: Int32Array, items: Int32Array, times: Float64Array, seed: number): void {
  const source = random(seed).fork('ties')
  for (let start = 0; start < items.length; ) {
    let end = start + 1
    while (end < items.length && users[end] === users[start] && times[end] === times[start]) end++
    if (end - start > 1) source.shuffle(items.subarray(start, end))
    start = end
  }
}

/**
 * Turns the database's table `raw` (`"user"`, `item`, `rating`, `time`, in the order of the source) into a data set:
 * filters, de-duplication and k-core in SQL, then rows by user, oldest first, with ties shuffled by the seed.
 */
export async function prepare(db: Database, input: PrepareInput): Promise<Dataset> {
  const options = preparationOf(input.options)
  const notes = [...input.notes]
  const rows = await number(db, 'SELECT count(*) FROM raw')
  const usable = '"user" IS NOT NULL AND item IS NOT NULL'
  const factor = await timeFactor(db, input.unit)
  if (factor === undefined && (options.from !== undefined || options.to !== undefined)) {
    throw new InvalidInputError('NO_TIMES', {
      what: `${input.name} knows only the order of its interactions, so it cannot be filtered by date`,
      next: 'Leave out "from" and "to".',
    })
  }
  const isUsable = factor === undefined ? usable : `${usable} AND time IS NOT NULL`
  for (const kind of ['user', 'item'] as const) {
    await db.run(`CREATE TABLE ${kind}_ids AS SELECT "${kind}" AS id, (row_number() OVER () - 1)::INTEGER AS number
      FROM (SELECT DISTINCT "${kind}" FROM raw WHERE ${isUsable})`)
  }
  await db.run(`CREATE TABLE log AS SELECT u.number AS "user", i.number AS item, rating,
      ${factor === undefined ? 'time' : `time * ${factor}`} AS time, raw.rowid AS position
    FROM raw JOIN user_ids u ON raw."user" = u.id JOIN item_ids i ON raw.item = i.id WHERE ${isUsable};
    DROP TABLE raw`)
  const broken = input.broken + rows - (await number(db, 'SELECT count(*) FROM log'))
  const counts = { read: rows + input.broken, broken, filtered: 0, duplicates: 0, sparse: 0 }
  const all: PreparationCounts = { ...counts, users: 0, items: 0, interactions: 0 }
  await filter(db, options, all)

  const userIds = await numbered(db, 'user')
  const itemIds = await numbered(db, 'item')
  all.users = userIds.length
  all.items = itemIds.length
  all.interactions = await number(db, 'SELECT count(*) FROM log')
  if (all.interactions === 0) {
    throw new InvalidInputError('NOTHING_LEFT', {
      what: `No interaction of ${input.name} is left after preparation`,
      given: JSON.stringify({ ...options, ...all }),
      next: 'Loosen the filters or the k-core.',
    })
  }
  const users = new Int32Array(all.interactions)
  const items = new Int32Array(all.interactions)
  const times = new Float64Array(all.interactions)
  await db.each(
    `SELECT u.row, i.row, log.time FROM log JOIN user_rows u ON log."user" = u.old JOIN item_rows i ON log.item = i.old
      ORDER BY u.row, log.time, log.position`,
    (row, cell) => {
      users[row] = Number(cell(0))
      items[row] = Number(cell(1))
      times[row] = Number(cell(2))
    },
  )
  if (factor !== undefined) shuffleTies(users, items, times, options.seed)
  const features = await input.features?.(db, itemIds)
  const itemTable = makeItems({ ids: itemIds, ...features })
  const timestamps = factor === undefined ? undefined : times
  const log = { userIds, users, items, timestamps, itemsKey: itemsKey(itemIds) }
  const lone = await number(db, 'SELECT count(*) FROM (SELECT 1 FROM log GROUP BY "user" HAVING count(*) = 1)')
  if (lone > 0) notes.push(`${lone} users have one interaction only: they stay in the log, and no split can use them.`)
  if (all.broken > 0) notes.push(`${all.broken} of ${all.read} rows could not be read and were left out.`)
  if (all.duplicates > 0) notes.push(`${all.duplicates} repeated interactions were left out.`)
  if (factor === undefined) notes.push('Only the order of the interactions is known, not their times.')
  return {
    name: input.name,
    items: itemTable,
    interactions: makeInteractions(log),
    time: factor === undefined ? 'order' : 'known',
    fingerprint: fingerprint(itemTable, log, options),
    options,
    counts: all,
    notes,
  }
}
