import { type Csr, InvalidInputError, readInteractions, readItems } from '@sparc/tables'
import type { Dataset } from '../dataset.ts'

/** The interactions of a data set as one sequence per user, oldest first. */
export interface UserSequences {
  userIds: string[]
  /** Row `u` is what user `u` did, as rows of the items table. */
  items: Csr
  /** Parallel to `items.values`, milliseconds; undefined where only the order is known. */
  timestamps?: Float64Array
  itemsKey: string
}

/**
 * Groups the interactions by user and keeps their order.
 *
 * @throws InvalidInputError `UNSORTED` where a user's rows are not oldest first, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`
 */
export function sequencesOf(dataset: Pick<Dataset, 'items' | 'interactions' | 'time'>): UserSequences {
  const { userIds, users, items, timestamps, itemsKey: given } = readInteractions(dataset.interactions)
  const catalogue = readItems(dataset.items)
  const { key } = catalogue
  if (given !== undefined && given !== key) {
    throw new InvalidInputError('ITEMS_MISMATCH', {
      what: 'The interactions were made for another items table',
      given,
      allowed: key,
      next: 'Make both from the same items table.',
    })
  }
  const offsets = new Int32Array(userIds.length + 1)
  for (const user of users) offsets[user + 1]++
  for (let u = 0; u < userIds.length; u++) offsets[u + 1] += offsets[u]
  const next = offsets.slice()
  const values = new Int32Array(items.length)
  const known = dataset.time === 'known' ? timestamps : undefined
  const times = known && new Float64Array(items.length)
  for (let r = 0; r < items.length; r++) {
    const at = next[users[r]]++
    if (items[r] >= catalogue.length) {
      throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
        what: `Row ${r} of the interactions names an item that the items table does not have`,
        given: items[r],
        allowed: `0 to ${catalogue.length - 1}`,
        next: 'Make both from the same items table.',
      })
    }
    values[at] = items[r]
    if (!times || !known) continue
    times[at] = known[r]
    if (at > offsets[users[r]] && !(times[at] >= times[at - 1])) {
      throw new InvalidInputError('UNSORTED', {
        what: `The interactions of user ${userIds[users[r]]} are not oldest first, or lack a time`,
        given: `row ${r}`,
        next: 'Sort the interactions by user and time; the importers of @sparc/eval/datasets do.',
      })
    }
  }
  return { userIds, items: { offsets, values }, timestamps: times, itemsKey: key }
}
