import { InvalidInputError, parseOptions, row } from '@sparc/tables'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { sequencesOf } from './sequences-of.ts'
import { caseRows, type Split, sequenceRows } from './split.ts'

const schema = z.strictObject({
  /** Items of the history that a query holds (default 20). */
  history: z.int().positive().default(20),
  /** What a query has `seen`: `all` that came before the target (default), or its `history` alone. */
  seen: z.enum(['all', 'history']).default('all'),
  /** Users with fewer interactions are skipped (default 3, the least that gives all three parts something). */
  minimum: z.int().min(3).default(3),
})

/** Options of `splitLeaveOneOut`. */
export type SplitLeaveOneOutOptions = z.input<typeof schema>

/**
 * The protocol of most papers on sequential recommendation: each user's last item is tested, the last but one
 * validates, what came before is trained on. A test query knows the item that validated.
 *
 * It looks into the future: while user A's last item is asked for, later interactions of others have been trained on.
 * `splitByTime` does not. Source: Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018, section IV.
 *
 * @throws InvalidInputError `TOO_FEW_USERS`, `UNSORTED`, `ITEMS_MISMATCH`
 *
 * @example const { train, validation, test } = splitLeaveOneOut(dataset, { history: 50 })
 */
export function splitLeaveOneOut(dataset: Dataset, options: SplitLeaveOneOutOptions = {}): Split {
  const { history, seen, minimum } = parseOptions(schema, options, 'options of splitLeaveOneOut')
  const { userIds, items, timestamps, itemsKey } = sequencesOf(dataset)
  const withTimes = timestamps !== undefined
  const train = sequenceRows(withTimes)
  const validation = caseRows(history, seen, withTimes)
  const test = caseRows(history, seen, withTimes)
  for (let user = 0; user < userIds.length; user++) {
    const own = row(items, user)
    const n = own.length
    if (n < minimum) continue
    const times = timestamps?.subarray(items.offsets[user], items.offsets[user + 1])
    if (n > 3) train.add(userIds[user], own.subarray(0, n - 2), times?.subarray(0, n - 2))
    validation.add(userIds[user], own.subarray(0, n - 2), own.subarray(n - 2, n - 1), times?.[n - 3])
    test.add(userIds[user], own.subarray(0, n - 1), own.subarray(n - 1), times?.[n - 2])
  }
  if (train.rows === 0) {
    throw new InvalidInputError('TOO_FEW_USERS', {
      what: 'Nothing would be left to train on',
      given: `${userIds.length} users, ${test.rows} of them with at least ${minimum} interactions`,
      allowed: 'at least one user of at least 4 interactions',
      next: 'Use more data.',
    })
  }
  const skipped = userIds.length - test.rows
  return {
    protocol: 'leave-one-out',
    train: train.table(itemsKey),
    validation: validation.table(itemsKey),
    test: test.table(itemsKey),
    source: 'drawn',
    options: { history, seen, minimum },
    skipped,
    notes: skipped > 0 ? [`${skipped} users with fewer than ${minimum} interactions were skipped.`] : [],
  }
}
