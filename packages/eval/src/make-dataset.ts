import { checkItemsKey, InvalidInputError, makeInteractions, readInteractions, readItems } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { type Dataset, fingerprint } from './dataset.ts'
import { shuffleTies } from './shuffle-ties.ts'

/** Known times, or undefined where there are none; a table that knows some of them only is refused. */
function knownTimes(timestamps: Float64Array | undefined): Float64Array | undefined {
  const unknown = timestamps?.reduce((sum, time) => sum + (Number.isFinite(time) ? 0 : 1), 0) ?? 0
  if (!timestamps || unknown === timestamps.length) return undefined
  if (unknown === 0) return timestamps
  throw new InvalidInputError('SOME_TIMES', {
    what: 'Some interactions have no time',
    given: `${unknown} of ${timestamps.length} timestamps are null or not finite`,
    allowed: 'a time for each interaction, or for none',
    next: 'Leave out those rows, or the column.',
  })
}

/**
 * A data set from tables that you have in memory: for logs that need no importer, and so no DuckDB. Rows are grouped by
 * user and put oldest first; those of the same time are shuffled by the seed.
 *
 * @throws InvalidInputError `SOME_TIMES`, `NOTHING_LEFT`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`, and those of the tables
 *
 * @example
 * const items = makeItems({ ids: ['tea', 'cup'] })
 * const interactions = makeInteractions({ userIds: ['ann'], users: Int32Array.of(0, 0), items: Int32Array.of(1, 0) })
 * const dataset = makeDataset({ name: 'shop', items, interactions })
 */
export function makeDataset(view: { name: string; items: Table; interactions: Table; seed?: number }): Dataset {
  const { name, items, seed = 1230 } = view
  const { length, key } = readItems(items)
  const log = readInteractions(view.interactions)
  checkItemsKey(key, log.itemsKey, 'The interactions table')
  if (log.users.length === 0) {
    throw new InvalidInputError('NOTHING_LEFT', { what: `${name} has no interactions`, next: 'Give at least one.' })
  }
  const beyond = log.items.findIndex((item) => item >= length)
  if (beyond >= 0) {
    throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
      what: `Row ${beyond} of the interactions names an item that the items table does not have`,
      given: log.items[beyond],
      allowed: `0 to ${length - 1}`,
      next: 'Make both from the same items table.',
    })
  }
  const times = knownTimes(log.timestamps)
  const order = Array.from(log.users.keys()).sort(
    (a, b) => log.users[a] - log.users[b] || (times ? times[a] - times[b] : 0) || a - b,
  )
  const users = Int32Array.from(order, (row) => log.users[row])
  const sorted = Int32Array.from(order, (row) => log.items[row])
  const timestamps = times && Float64Array.from(order, (row) => times[row])
  if (timestamps) shuffleTies(users, sorted, timestamps, seed)
  const prepared = { userIds: log.userIds, users, items: sorted, timestamps, itemsKey: key }
  const options = { seed, duplicates: 'keep' as const }
  const rows = users.length
  return {
    name,
    items,
    interactions: makeInteractions(prepared),
    time: timestamps ? 'known' : 'order',
    fingerprint: fingerprint(items, prepared, options),
    options,
    counts: {
      read: rows,
      broken: 0,
      filtered: 0,
      duplicates: 0,
      sparse: 0,
      users: log.userIds.length,
      items: length,
      interactions: rows,
    },
    notes: timestamps ? [] : ['Only the order of the interactions is known, not their times.'],
  }
}
