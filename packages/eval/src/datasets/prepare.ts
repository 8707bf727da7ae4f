import { InvalidInputError, itemsKey, makeInteractions, makeItems } from '@sparc/tables'
import { type Dataset, fingerprint, type PreparationCounts, type PreparationOptions } from '../dataset.ts'
import { shuffleTies } from '../shuffle-ties.ts'
import { type BrokenLines, brokenNote } from './broken-lines.ts'
import { checkSignal, type Database } from './duckdb.ts'
import type { ItemFeatures } from './features.ts'
import { keepCore } from './k-core.ts'
import { type ParsedPreparation, preparationOf } from './preparation.ts'
import { type TimeUnit, timeFactor } from './time-unit.ts'

export interface PrepareInput {
  name: string
  options: ParsedPreparation
  unit: TimeUnit
  /** What was left out while reading, file by file. */
  broken: BrokenLines[]
  features?: (db: Database, ids: string[]) => Promise<ItemFeatures>
}

async function number(db: Database, sql: string): Promise<number> {
  return Number(await db.one(sql))
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

/**
 * Makes `log` of `raw`: ids become numbers (`user_ids` and `item_ids` keep which), times milliseconds, and `position`
 * the place in the source. Rows without a user, an item or a finite time are left out.
 */
async function makeLog(db: Database, factor: number | undefined): Promise<void> {
  const time = factor === undefined ? '' : ' AND isfinite(time)'
  const usable = `"user" IS NOT NULL AND item IS NOT NULL${time}`
  for (const kind of ['user', 'item'] as const) {
    await db.run(`CREATE TABLE ${kind}_ids AS SELECT "${kind}" AS id, (row_number() OVER () - 1)::INTEGER AS number
      FROM (SELECT DISTINCT "${kind}" FROM raw WHERE ${usable})`)
  }
  await db.run(`CREATE TABLE log AS SELECT u.number AS "user", i.number AS item, rating,
      ${factor === undefined ? 'time' : `time * ${factor}`} AS time, raw.rowid AS position
    FROM raw JOIN user_ids u ON raw."user" = u.id JOIN item_ids i ON raw.item = i.id WHERE ${usable};
    DROP TABLE raw`)
}

async function checkFilters(db: Database, { name, options }: PrepareInput, times: boolean): Promise<void> {
  if (!times && (options.from || options.to)) {
    throw new InvalidInputError('NO_TIMES', {
      what: `${name} knows only the order of its interactions, so it cannot be filtered by date`,
      next: 'Leave out "from" and "to".',
    })
  }
  if (options.minRating !== undefined && (await number(db, 'SELECT count(rating) FROM raw')) === 0) {
    throw new InvalidInputError('NO_RATINGS', {
      what: `${name} has no ratings, so it cannot be filtered by rating`,
      next: 'Leave out "minRating", or map the column that holds the ratings.',
    })
  }
}

/** The rows of `log` by user, oldest first, users and items numbered by first appearance. */
async function collect(db: Database, times: boolean, seed: number): Promise<Interactions> {
  const userIds = await numbered(db, 'user')
  const itemIds = await numbered(db, 'item')
  const rows = await number(db, 'SELECT count(*) FROM log')
  const users = new Int32Array(rows)
  const items = new Int32Array(rows)
  const timestamps = new Float64Array(rows)
  await db.fill(
    `SELECT u.row, i.row, log.time FROM log JOIN user_rows u ON log."user" = u.old JOIN item_rows i ON log.item = i.old
      ORDER BY u.row, log.time, log.position`,
    [users, items, timestamps],
  )
  if (times) shuffleTies(users, items, timestamps, seed)
  return { userIds, users, items, timestamps: times ? timestamps : undefined, itemIds }
}

type Interactions = Parameters<typeof makeInteractions>[0] & { itemIds: string[] }

/**
 * Turns the database's table `raw` (`"user"`, `item`, `rating`, `time`, in the order of the source) into a data set:
 * filters, de-duplication and k-core in SQL, then rows by user, oldest first, with ties shuffled by the seed.
 *
 * @throws InvalidInputError `NO_TIMES`, `NO_RATINGS`, `NOTHING_LEFT`
 */
export async function prepare(db: Database, input: PrepareInput): Promise<Dataset> {
  const { name } = input
  const options = preparationOf(input.options)
  const factor = await timeFactor(db, input.unit)
  await checkFilters(db, input, factor !== undefined)
  const rows = await number(db, 'SELECT count(*) FROM raw')
  const { onProgress } = input.options
  onProgress?.({ stage: 'filtering', rows })
  const unread = input.broken.reduce((sum, { broken }) => sum + broken, 0)
  await makeLog(db, factor)
  const unusable = rows - (await number(db, 'SELECT count(*) FROM log'))
  const counts: PreparationCounts = {
    read: rows + unread,
    broken: unread + unusable,
    filtered: 0,
    duplicates: 0,
    sparse: 0,
    users: 0,
    items: 0,
    interactions: 0,
  }
  await filter(db, options, counts)
  onProgress?.({ stage: 'collecting', rows: await number(db, 'SELECT count(*) FROM log') })
  const { itemIds, ...log } = await collect(db, factor !== undefined, options.seed)
  counts.users = log.userIds.length
  counts.items = itemIds.length
  counts.interactions = log.users.length
  if (counts.interactions === 0) {
    throw new InvalidInputError('NOTHING_LEFT', {
      what: `No interaction of ${name} is left after preparation`,
      given: { ...options, ...counts },
      next: 'Loosen the filters or the k-core.',
    })
  }
  checkSignal(input.options.signal)
  if (input.features) onProgress?.({ stage: 'features', rows: counts.items })
  const features = await input.features?.(db, itemIds)
  const items = makeItems({ ids: itemIds, strings: features?.strings, lists: features?.lists })
  const interactions = { ...log, itemsKey: itemsKey(itemIds) }
  const lone = await number(db, 'SELECT count(*) FROM (SELECT 1 FROM log GROUP BY "user" HAVING count(*) = 1)')
  const notes = [
    ...[...input.broken, ...(features?.broken ? [features.broken] : [])].map(brokenNote),
    unusable > 0 && `${unusable} rows without a usable time were left out.`,
    counts.duplicates > 0 && `${counts.duplicates} repeated interactions were left out.`,
    lone > 0 && `${lone} users have one interaction only: they stay in the log, and no split can use them.`,
    factor === undefined && 'Only the order of the interactions is known, not their times.',
  ].filter((note) => typeof note === 'string')
  return {
    name,
    items,
    interactions: makeInteractions(interactions),
    time: factor === undefined ? 'order' : 'known',
    fingerprint: fingerprint(items, interactions, options),
    options,
    counts,
    notes,
  }
}
