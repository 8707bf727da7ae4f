import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dropSeen } from '@sparc/eval'
import {
  csr,
  InvalidInputError,
  makeRecommendations,
  type Recommendations,
  readCases,
  readRecommendations,
  readTable,
  row,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { Row } from '../config/schema.ts'
import type { Context } from './context.ts'

/** Names what is in a row's file of recommendations; undefined for other rows, and where the file is not there. */
export async function contentOf({ recommendations }: Row): Promise<string | undefined> {
  if (recommendations === undefined || !existsSync(recommendations)) return undefined
  return createHash('sha256')
    .update(await readFile(recommendations))
    .digest('hex')
    .slice(0, 16)
}

/** Items of a list that the headline metrics look at. */
const HEADLINE = 50

/**
 * Recommendations made elsewhere, as an Arrow file: columns `user`, `items` (rows of `items.arrow`) and `scores`, one row
 * per test case in any order. Rows are put in the order of the cases, and what a user has seen is taken out for the
 * filtered view.
 *
 * @throws InvalidInputError `RECOMMENDATIONS_DO_NOT_FIT` where no test user is among them
 */
export async function givenLists(
  path: string,
  { bench, data }: Pick<Context, 'bench' | 'data'>,
): Promise<{ filtered: Table; unfiltered: Table; notes: string[] }> {
  const found = readRecommendations(await readTable(path))
  const cases = readCases(bench.cases)
  const rows = new Map(found.users.map((user, r) => [user, r]))
  const present = cases.users.filter((user) => rows.has(user)).length
  const size = data.dataset.items.numRows
  const largest = found.items.values.reduce((most, item) => Math.max(most, item), -1)
  if (present === 0 || largest >= size) {
    throw new InvalidInputError('RECOMMENDATIONS_DO_NOT_FIT', {
      what: 'These recommendations are not for this data',
      given: `${path}: ${present} of ${cases.users.length} test users, item rows up to ${largest}`,
      allowed: `the users of cases.arrow and the rows 0 to ${size - 1} of items.arrow, which a run of this configuration writes`,
      next: 'Make them from the files of such a run',
    })
  }
  const lists = cases.users.map((user) => {
    const r = rows.get(user)
    return r === undefined ? { items: [], scores: [] } : { items: row(found.items, r), scores: scoresOf(found, r) }
  })
  const unfiltered = makeRecommendations({
    users: cases.users,
    items: csr(lists.map((list) => list.items)),
    scores: Float32Array.from(lists.flatMap((list) => [...list.scores])),
    itemsKey: cases.itemsKey,
  })
  const filtered = dropSeen(unfiltered, bench.cases, { match: 'rows' })
  const missing = cases.users.length - present
  const short = shorterThan(HEADLINE, filtered) - missing
  const notes = [
    ...(missing > 0 ? [`${missing} test users have no list: they count as misses`] : []),
    ...(short > 0 && size > HEADLINE
      ? [
          `${short} lists have fewer than ${HEADLINE} items once the history is out, and miss what is not there: give more`,
        ]
      : []),
  ]
  return { filtered, unfiltered, notes }
}

function shorterThan(least: number, lists: Table): number {
  const { offsets } = readRecommendations(lists).items
  let count = 0
  for (let r = 0; r + 1 < offsets.length; r++) if (offsets[r + 1] - offsets[r] < least) count++
  return count
}

function scoresOf({ items, scores }: Recommendations, r: number): Float32Array {
  return scores.subarray(items.offsets[r], items.offsets[r + 1])
}
