import { type Csr, InvalidInputError, tieHash } from '@sparc/tables'
import type { InputCounts } from './report.ts'

/** What to do with lists that are not as they should be. */
export interface ListPolicy {
  /** The same item twice in a list: refuse, or keep its first place. */
  duplicates: 'error' | 'dedupe'
  /** Scores that rise down the list: refuse, sort by score, or keep the order as given. */
  unsorted: 'error' | 'sort' | 'keep'
  /** Items (recommended or targets) outside of the catalogue: refuse, or let them be misses that take a place. */
  outside: 'error' | 'miss'
}

/** A list that was read: only the first `length` items count. */
export interface ReadList {
  /** -1 is an item outside of the catalogue. */
  readonly items: Int32Array
  length: number
  /** Whether an item is anywhere in the list. */
  has(item: number): boolean
}

/** The list of whoever has none. */
export const noList: ReadList = { items: new Int32Array(0), length: 0, has: () => false }

/** Holds the list that was read last. */
export interface ListReader extends ReadList {
  /** Reads and checks the list of a row. */
  read(row: number, user: string): void
}

/** Reads the rows of one recommendations view, checking and mending them by the policy, and counts what it mended. */
export function listReader(
  lists: Csr,
  scores: Float32Array,
  size: number,
  policy: ListPolicy,
  input: InputCounts,
): ListReader {
  let longest = 0
  for (let row = 0; row + 1 < lists.offsets.length; row++) {
    longest = Math.max(longest, lists.offsets[row + 1] - lists.offsets[row])
  }
  const items = new Int32Array(longest)
  // stamps[item] is the last row that has it.
  const stamps = new Int32Array(size).fill(-1)
  let current = -1
  const reader: ListReader = {
    items,
    length: 0,
    has: (item) => stamps[item] === current,
    read(row, user) {
      current = row
      const from = lists.offsets[row]
      const to = lists.offsets[row + 1]
      const order = inOrder(scores, from, to, policy, user) ? undefined : sorted(lists, scores, from, to)
      let length = 0
      for (let at = from; at < to; at++) {
        const item = order === undefined ? lists.values[at] : lists.values[order[at - from]]
        if (item >= size) {
          if (policy.outside === 'error') throw outside('The recommendations name', item, size, user)
          items[length++] = -1
          input.unknownItems++
        } else if (stamps[item] !== row) {
          stamps[item] = row
          items[length++] = item
        } else if (policy.duplicates === 'error') {
          throw new InvalidInputError('DUPLICATE_ITEM', {
            what: `The list of user "${user}" has an item twice`,
            given: `item row ${item}`,
            allowed: 'each item once a list',
            next: "Remove the second one, or pass duplicates: 'dedupe' (--duplicates dedupe) to keep the first place of each item",
          })
        }
      }
      if (length < to - from) input.dedupedLists++
      reader.length = length
    },
  }
  return reader
}

/** False when the list must be sorted first. */
function inOrder(scores: Float32Array, from: number, to: number, policy: ListPolicy, user: string): boolean {
  if (policy.unsorted === 'keep') return true
  for (let at = from; at < to; at++) {
    const score = scores[at]
    if (at > from && score <= scores[at - 1]) continue
    if (at === from && !Number.isNaN(score)) continue
    if (Number.isNaN(score)) {
      throw new InvalidInputError('NAN_SCORE', {
        what: `The list of user "${user}" has a score that is not a number`,
        given: `NaN at place ${at - from + 1}`,
        next: "Mend what made the scores, or pass unsorted: 'keep' (--unsorted keep) to go by the order of the list alone",
      })
    }
    if (policy.unsorted === 'sort') return false
    throw new InvalidInputError('UNSORTED_SCORES', {
      what: `The list of user "${user}" is not in order of its scores`,
      given: `${scores[at - 1]} and then ${score} at place ${at - from + 1}`,
      allowed: 'scores that never rise down a list',
      next: "Pass unsorted: 'sort' (--unsorted sort) to rank by score, or unsorted: 'keep' to go by the order of the list",
    })
  }
  return true
}

function sorted(lists: Csr, scores: Float32Array, from: number, to: number): Int32Array {
  for (let at = from; at < to; at++) {
    if (Number.isNaN(scores[at])) {
      throw new InvalidInputError('NAN_SCORE', { what: 'A list to be sorted has a score that is not a number' })
    }
  }
  return Int32Array.from({ length: to - from }, (_, i) => from + i).sort(
    (a, b) => scores[b] - scores[a] || tieHash(lists.values[a]) - tieHash(lists.values[b]),
  )
}

/** The error for an item row that the catalogue does not have. */
export function outside(who: string, item: number, size: number, user: string): InvalidInputError {
  return new InvalidInputError('ITEM_OUT_OF_RANGE', {
    what: `${who} an item that is not in the catalogue, for user "${user}"`,
    given: item,
    allowed: `0 to ${size - 1}`,
    next: "Pass the items table that the row numbers refer to, or outside: 'miss' to count such items as misses",
  })
}
