import { InvalidInputError, parseOptions, random, row } from '@sparc/tables'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { sequencesOf, type UserSequences } from './sequences-of.ts'
import { caseRows, type Split, sequenceRows } from './split.ts'

const schema = z.strictObject({
  /** Shuffles the users (default 1230). */
  seed: z.int().nonnegative().default(1230),
  /** Items of the history that a query holds (default 20). */
  history: z.int().positive().default(20),
  /**
   * What a query has `seen`: `all` before the cut (default), or its `history` alone, as where other software filters
   * no more than what it was shown.
   */
  seen: z.enum(['all', 'history']).default('all'),
  /** Users with fewer interactions are skipped when the split is drawn here (default 5). */
  minimum: z.int().min(2).default(5),
  /** Use the split that came with the data where its seed is this one (default true). */
  published: z.boolean().default(true),
})

/** Options of `splitByUser`. */
export type SplitByUserOptions = z.input<typeof schema>

interface Part {
  part: number
  user: number
  items: Int32Array
  times?: Float64Array
}

/** The times of a published row's items: the user's own times, matched by item. */
function timesFor(all: UserSequences, user: number, items: Int32Array): Float64Array | undefined {
  if (!all.timestamps) return undefined
  const start = all.items.offsets[user]
  const timeOf = new Map<number, number>()
  row(all.items, user).forEach((item, i) => {
    timeOf.set(item, all.timestamps?.[start + i] ?? Number.NaN)
  })
  return Float64Array.from(items, (item) => timeOf.get(item) ?? Number.NaN)
}

function publishedParts(all: UserSequences, published: NonNullable<Dataset['published']>): Part[] {
  return Array.from(published.users, (user, r) => {
    const items = row(published.items, r)
    return { part: published.parts[r], user, items, times: timesFor(all, user, items) }
  })
}

function drawnParts(all: UserSequences, seed: number, minimum: number): Part[] {
  const { offsets } = all.items
  const users = Array.from(all.userIds, (_, user) => user).filter((u) => offsets[u + 1] - offsets[u] >= minimum)
  random(seed).fork('by-user').shuffle(users)
  const trained = Math.floor(0.8 * users.length)
  const validated = trained + Math.floor(0.1 * users.length)
  return users.map((user, place) => ({
    part: place < trained ? 0 : place < validated ? 1 : 2,
    user,
    items: row(all.items, user),
    times: all.timestamps?.subarray(offsets[user], offsets[user + 1]),
  }))
}

/**
 * ComiRec's protocol: users are shuffled and cut 8:1:1, and users of validation and test are never trained on. Of each
 * of those, the first `floor(.8 n)` items are `seen`, the last 20 of them the history, and all items after them the
 * targets. Where the data came with such a split of the same seed, that one is used.
 *
 * Source: Cen et al., "Controllable Multi-Interest Framework for Recommendation", KDD 2020, section 4.1.
 *
 * @throws InvalidInputError `TOO_FEW_USERS`, `UNSORTED`, `ITEMS_MISMATCH`
 *
 * @example const { train, validation, test } = splitByUser(dataset, { seed: 1230 })
 */
export function splitByUser(dataset: Dataset, options: SplitByUserOptions = {}): Split {
  const { seed, history, seen, minimum, published } = parseOptions(schema, options, 'options of splitByUser')
  const all = sequencesOf(dataset)
  const given = published && dataset.published?.seed === seed ? dataset.published : undefined
  const parts = given ? publishedParts(all, given) : drawnParts(all, seed, minimum)
  const withTimes = all.timestamps !== undefined
  const train = sequenceRows(withTimes)
  const cases = [caseRows(history, seen, withTimes), caseRows(history, seen, withTimes)]
  for (const { part, user, items, times } of parts) {
    if (items.length < 2) continue
    if (part === 0) {
      train.add(all.userIds[user], items, times)
      continue
    }
    const cut = Math.floor(0.8 * items.length)
    cases[part - 1].add(all.userIds[user], items.subarray(0, cut), items.subarray(cut), times?.[cut - 1])
  }
  const used = train.rows + cases[0].rows + cases[1].rows
  if (train.rows === 0 || cases[0].rows === 0 || cases[1].rows === 0) {
    throw new InvalidInputError('TOO_FEW_USERS', {
      what: 'A part of the split by user would be empty',
      given: `${used} usable users of ${all.userIds.length} (train ${train.rows}, validation ${cases[0].rows}, test ${cases[1].rows})`,
      allowed: `at least 10 users of at least ${minimum} interactions`,
      next: 'Use more data, or a smaller "minimum".',
    })
  }
  const skipped = all.userIds.length - used
  const least = given ? 2 : minimum
  return {
    protocol: 'by-user',
    train: train.table(all.itemsKey),
    validation: cases[0].table(all.itemsKey),
    test: cases[1].table(all.itemsKey),
    source: given ? 'published' : 'drawn',
    options: { seed, history, seen, minimum: least },
    skipped,
    notes: skipped > 0 ? [`${skipped} users with fewer than ${least} interactions were skipped.`] : [],
  }
}
