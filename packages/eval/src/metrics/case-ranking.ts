import type { Csr } from '@sparc/tables'
import type { RankedCase } from './metric.ts'
import { outside, type ReadList } from './ranked-list.ts'
import type { InputCounts } from './report.ts'

/** What the hits of a case are found with. */
export interface RankingInput {
  users: string[]
  targets: Csr
  /** Number of items. */
  size: number
  /** The deepest K. */
  depth: number
  outside: 'error' | 'miss'
  /** Counted into: cases without targets, targets outside of the catalogue. */
  input: InputCounts
}

/** Finds the hits of one case after the other. What it returns is overwritten by the next call. */
export function caseRanking(given: RankingInput): (row: number, list: ReadList) => RankedCase {
  const { users, targets, size, depth, input } = given
  // stamps[item] is the last row + 1 that has it as a target.
  const stamps = new Int32Array(size)
  let longest = 0
  for (let row = 0; row < users.length; row++) {
    longest = Math.max(longest, targets.offsets[row + 1] - targets.offsets[row])
  }
  const ranked: RankedCase = {
    row: 0,
    items: new Int32Array(0),
    length: 0,
    hits: new Int32Array(Math.min(depth, longest)),
    hitCount: 0,
    targets: new Int32Array(longest),
    targetCount: 0,
  }
  return (row, list) => {
    const { items, length } = list
    const stamp = row + 1
    let count = 0
    let listed = 0
    for (let at = targets.offsets[row]; at < targets.offsets[row + 1]; at++) {
      const item = targets.values[at]
      if (item >= size) {
        if (given.outside === 'error') throw outside('The targets name', item, size, users[row])
        if (ranked.targets.subarray(0, count).includes(item)) continue
        input.unknownTargets++
      } else if (stamps[item] === stamp) continue
      else {
        stamps[item] = stamp
        if (list.has(item)) listed++
      }
      ranked.targets[count++] = item
    }
    if (count === 0) input.withoutTargets++
    let hits = 0
    const end = Math.min(length, depth)
    // Most lists have few of the targets: the walk ends with the last one.
    for (let rank = 0; rank < end && hits < listed; rank++) {
      if (stamps[items[rank]] === stamp) ranked.hits[hits++] = rank
    }
    ranked.row = row
    ranked.items = items
    ranked.length = end
    ranked.hitCount = hits
    ranked.targetCount = count
    return ranked
  }
}
