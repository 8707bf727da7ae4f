import { InvalidFileError, readInteractions, readItems } from '@sparc/tables'
import type { Dataset, PublishedSplit } from '../dataset.ts'
import type { Database } from './duckdb.ts'
import { readCsv } from './read-csv.ts'

const PARTS = ['train', 'validation', 'test']

/**
 * Reads a `by-user-<seed>.csv.gz` (`part,user,items`; items of a user oldest first, separated by spaces) and matches it
 * with the data set.
 *
 * @returns undefined where the preparation left out rows that the split has
 * @throws InvalidFileError `FOREIGN_SPLIT` where the split names other users or items than the data
 */
export async function readPublishedSplit(
  db: Database,
  path: string,
  seed: number,
  dataset: Dataset,
): Promise<PublishedSplit | undefined> {
  const columns = ['part', 'user', 'items'].map((name) => ({ from: name, as: `"${name}"`, type: 'text' as const }))
  await readCsv(db, path, 'published', { columns, maxBroken: 0 })
  const log = readInteractions(dataset.interactions)
  const userRows = new Map(log.userIds.map((id, row) => [id, row]))
  const itemRows = new Map(readItems(dataset.items).ids.map((id, row) => [id, row]))
  const lengths = new Int32Array(log.userIds.length)
  for (const user of log.users) lengths[user]++

  const users: number[] = []
  const parts: number[] = []
  const offsets = [0]
  const values: number[] = []
  let foreign = ''
  await db.each('SELECT part, "user", items FROM published', (_, cell) => {
    const user = userRows.get(String(cell(1)))
    const part = PARTS.indexOf(String(cell(0)))
    const ids = String(cell(2) ?? '')
      .split(' ')
      .filter(Boolean)
    if (user === undefined || part < 0 || ids.length !== lengths[user]) {
      foreign ||= `part ${cell(0)}, user ${cell(1)} with ${ids.length} items`
      return
    }
    users.push(user)
    parts.push(part)
    for (const id of ids) {
      const item = itemRows.get(id)
      if (item === undefined) foreign ||= `item ${id}`
      values.push(item ?? 0)
    }
    offsets.push(values.length)
  })
  if (!foreign && users.length !== log.userIds.length) foreign = `${users.length} of ${log.userIds.length} users`
  if (foreign) {
    const { filtered, duplicates, sparse } = dataset.counts
    if (filtered + duplicates + sparse > 0) return undefined
    throw new InvalidFileError('FOREIGN_SPLIT', {
      what: 'The published split does not fit the interactions',
      given: `${foreign} in ${path}`,
      allowed: 'the users and items of the interactions, each user with all of its items',
      next: 'Take both files from the same source, or move the split away to have one drawn.',
    })
  }
  return {
    seed,
    users: Int32Array.from(users),
    parts: Uint8Array.from(parts),
    items: { offsets: Int32Array.from(offsets), values: Int32Array.from(values) },
  }
}
