import { InvalidInputError, parseOptions, row } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { sequencesOf, type UserSequences } from './sequences-of.ts'
import { type CaseRows, caseRows, type SequenceRows, type Split, sequenceRows } from './split.ts'

const moment = z.union([z.number().gt(0).lt(1), z.date()])
const schema = z.strictObject({
  /** Where validation begins: a date, or a share of the interactions (default 0.8). Before it, everything is trained on. */
  validationFrom: moment.default(0.8),
  /**
   * Where the test begins: a date, or a share of the interactions (default 0.9). A share that falls on the moment at which
   * validation begins (many interactions on one day) means the next moment there is.
   */
  testFrom: moment.default(0.9),
  /** Items of the history that a query holds (default 20). */
  history: z.int().positive().default(20),
  /** What a query has `seen`: `all` before the cut (default), or its `history` alone. */
  seen: z.enum(['all', 'history']).default('all'),
})

/** Options of `splitByTime`. */
export type SplitByTimeOptions = z.input<typeof schema>

/** A split by time, with warm and cold items told apart. */
export interface TimeSplit extends Split {
  protocol: 'by-time'
  /** Milliseconds: train < `validation` <= validation < `test` <= test. */
  cuts: { validation: number; test: number }
  /** Per item: 1 where it is cold, that is, nobody used it before the first cut. */
  cold: Uint8Array
  /** The test cases with only their warm targets, and with only their cold ones; cases without any are left out. */
  testWarm: Table
  testCold: Table
}

function sortedTimes(dataset: Dataset, all: UserSequences): Float64Array {
  if (all.timestamps) return all.timestamps.slice().sort()
  throw new InvalidInputError('NO_TIMES', {
    what: `${dataset.name} knows only the order of each user's interactions, not their times, so it cannot be split by time`,
    allowed: 'data sets whose "time" is "known"',
    next: 'Use splitByUser or splitLeaveOneOut.',
  })
}

function momentOf(value: number | Date, sorted: Float64Array): number {
  return typeof value === 'number' ? sorted[Math.floor(value * sorted.length)] : value.getTime()
}

/** The first place at or behind `from` whose time is not before `cut`. */
function placeOf(times: Float64Array, cut: number): number {
  let place = 0
  while (place < times.length && times[place] < cut) place++
  return place
}

interface Parts {
  train: SequenceRows
  validation: CaseRows
  test: CaseRows
  testWarm: CaseRows
  testCold: CaseRows
  newUsers: Set<number>
}

function cutUsers(all: UserSequences, cuts: TimeSplit['cuts'], cold: Uint8Array, parts: Parts): void {
  for (let user = 0; user < all.userIds.length; user++) {
    const id = all.userIds[user]
    const own = row(all.items, user)
    const times = all.timestamps?.subarray(all.items.offsets[user], all.items.offsets[user + 1]) ?? new Float64Array()
    const [first, second] = [placeOf(times, cuts.validation), placeOf(times, cuts.test)]
    if (first > 1) parts.train.add(id, own.subarray(0, first), times.subarray(0, first))
    if (second > first) {
      if (first === 0) parts.newUsers.add(user)
      else parts.validation.add(id, own.subarray(0, first), own.subarray(first, second), times[first - 1])
    }
    if (second === own.length) continue
    if (second === 0) {
      parts.newUsers.add(user)
      continue
    }
    const past = own.subarray(0, second)
    const targets = own.subarray(second)
    parts.test.add(id, past, targets, times[second - 1])
    const [warm, chilled] = [targets.filter((item) => !cold[item]), targets.filter((item) => cold[item])]
    if (warm.length > 0) parts.testWarm.add(id, past, warm, times[second - 1])
    if (chilled.length > 0) parts.testCold.add(id, past, chilled, times[second - 1])
  }
}

/**
 * One global cut for all users: only what happened before it is trained on, so no model looks into the future. Of each
 * user with a past, what it did between the cuts validates, and what it did behind the second one is tested; a test
 * query knows all that happened before the second cut. Cold items (never used before the first cut) stay among the
 * targets; `testWarm` and `testCold` tell them apart.
 *
 * Source: Ji et al., "A Critical Study on Data Leakage in Recommender System Offline Evaluation", TOIS 2023, section 5.
 *
 * @throws InvalidInputError `NO_TIMES` for data that knows only the order, `EMPTY_PART`
 *
 * @example const { train, test, testCold } = splitByTime(dataset, { testFrom: new Date('2014-01-01') })
 */
export function splitByTime(dataset: Dataset, options: SplitByTimeOptions = {}): TimeSplit {
  const parsed = parseOptions(schema, options, 'options of splitByTime')
  const { history, seen } = parsed
  const all = sequencesOf(dataset)
  const sorted = sortedTimes(dataset, all)
  const cuts = { validation: momentOf(parsed.validationFrom, sorted), test: momentOf(parsed.testFrom, sorted) }
  if (typeof parsed.testFrom === 'number' && cuts.test === cuts.validation) {
    cuts.test = sorted.find((time) => time > cuts.validation) ?? cuts.test
  }
  const cold = new Uint8Array(dataset.items.numRows).fill(1)
  all.items.values.forEach((item, i) => {
    if ((all.timestamps?.[i] ?? 0) < cuts.validation) cold[item] = 0
  })
  const parts: Parts = {
    train: sequenceRows(true),
    validation: caseRows(history, seen, true),
    test: caseRows(history, seen, true),
    testWarm: caseRows(history, seen, true),
    testCold: caseRows(history, seen, true),
    newUsers: new Set(),
  }
  cutUsers(all, cuts, cold, parts)
  for (const part of ['train', 'validation', 'test'] as const) {
    if (parts[part].rows > 0) continue
    throw new InvalidInputError('EMPTY_PART', {
      what: `The ${part} part of the split by time is empty`,
      given: `cuts at ${new Date(cuts.validation).toISOString()} and ${new Date(cuts.test).toISOString()}`,
      allowed: `moments between ${new Date(sorted[0]).toISOString()} and ${new Date(sorted[sorted.length - 1]).toISOString()}, the first before the second`,
      next: 'Move validationFrom and testFrom.',
    })
  }
  const kept = new Set([...parts.validation.users, ...parts.test.users, ...parts.train.users])
  const notes: string[] = []
  if (parts.newUsers.size > 0) {
    notes.push(`${parts.newUsers.size} users first appear behind a cut: nothing is asked about them there.`)
  }
  notes.push(`${cold.reduce((sum, flag) => sum + flag, 0)} of ${cold.length} items are cold.`)
  return {
    protocol: 'by-time',
    train: parts.train.table(all.itemsKey),
    validation: parts.validation.table(all.itemsKey),
    test: parts.test.table(all.itemsKey),
    testWarm: parts.testWarm.table(all.itemsKey),
    testCold: parts.testCold.table(all.itemsKey),
    cuts,
    cold,
    source: 'drawn',
    options: { validationFrom: cuts.validation, testFrom: cuts.test, history, seen },
    skipped: all.userIds.length - kept.size,
    notes,
  }
}
