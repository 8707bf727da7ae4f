import { InvalidInputError, readCases, readSequences, row } from '@sparc/tables'
import type { Dataset } from '../dataset.ts'
import { sequencesOf, type UserSequences } from './sequences-of.ts'
import type { Split } from './split.ts'
import type { TimeSplit } from './split-by-time.ts'

/** One way in which an answer can be known before it is asked for. */
export interface Leak {
  /**
   * `user`: a user of validation or test is trained on, or is in both (by user).
   * `target`: a target is also trained on, or is in a history, more often than its user had it.
   * `order`: something in the history came after a target.
   * `time`: something lies on the wrong side of the cut (by time).
   * `foreign`: a row holds what its user never did.
   */
  kind: 'user' | 'target' | 'order' | 'time' | 'foreign'
  part: 'train' | 'validation' | 'test'
  /** The row of that part's table. */
  row: number
  user: string
  what: string
}

interface Occurrences {
  count: number
  first: number
  last: number
}

/** When a user had which item, and how often; positions stand in where times are not known. */
function occurrencesOf(all: UserSequences, user: number): Map<number, Occurrences> {
  const found = new Map<number, Occurrences>()
  const start = all.items.offsets[user]
  row(all.items, user).forEach((item, i) => {
    const time = all.timestamps ? all.timestamps[start + i] : i
    const before = found.get(item)
    if (before) {
      before.count++
      before.last = time
    } else found.set(item, { count: 1, first: time, last: time })
  })
  return found
}

interface Part {
  part: Leak['part']
  users: string[]
  past: (r: number) => Int32Array
  targets: (r: number) => Int32Array
}

const NOTHING = new Int32Array()

function partsOf(split: Split): Part[] {
  const train = readSequences(split.train)
  const parts: Part[] = [
    { part: 'train', users: train.users, past: (r) => row(train.items, r), targets: () => NOTHING },
  ]
  for (const part of ['validation', 'test'] as const) {
    const { users, history, seen, targets } = readCases(split[part])
    // The history must lie inside of what was seen, so checking both is checking all that a model is handed.
    const past = (r: number) => Int32Array.from(new Set([...row(seen, r), ...row(history, r)]))
    parts.push({ part, users, past, targets: (r) => row(targets, r) })
  }
  return parts
}

function rowsByUser(parts: Part[], userIds: string[]): Map<string, { part: Part; r: number }[]> {
  const found = new Map<string, { part: Part; r: number }[]>(userIds.map((id) => [id, []]))
  for (const part of parts)
    part.users.forEach((user, r) => void (found.get(user) ?? found.set(user, []).get(user))?.push({ part, r }))
  return found
}

function isTimeSplit(split: Split): split is TimeSplit {
  return split.protocol === 'by-time' && 'cuts' in split
}

/** The bounds that a split by time sets to what a part may know (`before`) and ask for (`from`, `to`). */
function bounds(split: Split, part: Leak['part']): { before: number; from: number; to: number } {
  const all = { before: Number.POSITIVE_INFINITY, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  if (!isTimeSplit(split)) return all
  const { validation, test } = split.cuts
  if (part === 'test') return { before: test, from: test, to: Number.POSITIVE_INFINITY }
  return { before: validation, from: validation, to: test }
}

/**
 * Looks for answers that are known before they are asked for, by holding a split against the data that it was cut from.
 *
 * @returns every leak found; none for the splits of this package (a test plants each kind and finds it)
 *
 * @example findLeaks(splitByUser(dataset), dataset) // []
 */
export function findLeaks(split: Split, dataset: Pick<Dataset, 'items' | 'interactions' | 'time'>): Leak[] {
  const all = sequencesOf(dataset)
  const userRows = new Map(all.userIds.map((id, user) => [id, user]))
  const leaks: Leak[] = []
  for (const [user, rows] of rowsByUser(partsOf(split), all.userIds)) {
    const userRow = userRows.get(user)
    const had = userRow === undefined ? new Map<number, Occurrences>() : occurrencesOf(all, userRow)
    const report = (kind: Leak['kind'], { part, r }: (typeof rows)[number], what: string) => {
      leaks.push({ kind, part: part.part, row: r, user, what })
    }
    if (split.protocol === 'by-user') {
      for (const extra of rows.slice(1)) report('user', extra, `is in ${rows[0].part.part} too`)
    }
    for (const at of rows) {
      const limit = bounds(split, at.part.part)
      const [past, targets] = [at.part.past(at.r), at.part.targets(at.r)]
      for (const item of [...past, ...targets]) if (!had.has(item)) report('foreign', at, `item ${item}`)
      let earliest = Number.POSITIVE_INFINITY
      for (const item of targets) {
        const { first, last } = had.get(item) ?? { first: 0, last: 0 }
        earliest = Math.min(earliest, last)
        if (last < limit.from || first >= limit.to) report('time', at, `target ${item}`)
      }
      for (const item of past) {
        const first = had.get(item)?.first ?? 0
        if (first >= limit.before) report('time', at, `item ${item} of what came before`)
        if (first > earliest) report('order', at, `item ${item} came after a target`)
      }
    }
    leaks.push(...leakedTargets(rows, had, user))
  }
  return leaks
}

/** Targets that the same row, or an earlier stage of the split, knows; an item that a user had twice may be both. */
function leakedTargets(rows: { part: Part; r: number }[], had: Map<number, Occurrences>, user: string): Leak[] {
  const leaks: Leak[] = []
  for (const asked of rows) {
    for (const item of asked.part.targets(asked.r)) {
      // A test query may know what validated; nothing may know what a later stage asks for.
      const knowing = rows.filter(({ part }) => asked.part.part === 'test' || part.part !== 'test')
      const knows = knowing.find(
        (other) => other.part.past(other.r).filter((known) => known === item).length >= (had.get(item)?.count ?? 1),
      )
      if (!knows) continue
      const { part } = asked.part
      leaks.push({ kind: 'target', part, row: asked.r, user, what: `target ${item} is known to ${knows.part.part}` })
    }
  }
  return leaks
}

/**
 * Throws where `findLeaks` finds anything.
 *
 * @throws InvalidInputError `LEAK`
 */
export function checkLeaks(split: Split, dataset: Pick<Dataset, 'items' | 'interactions' | 'time'>): void {
  const leaks = findLeaks(split, dataset)
  if (leaks.length === 0) return
  const shown = leaks
    .slice(0, 3)
    .map(({ kind, part, row: r, user, what }) => `${kind}: ${part} row ${r}, user ${user}, ${what}`)
  throw new InvalidInputError('LEAK', {
    what: `The split gives away ${leaks.length} answers`,
    given: `${shown.join('; ')}${leaks.length > shown.length ? '; ...' : ''}`,
    next: 'Numbers measured on it mean nothing: make the split again, or mend what made it.',
  })
}
