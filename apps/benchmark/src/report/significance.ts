import { holm } from '@sparc/eval'
import { sideOf, testUsers } from '../ledger/user-test.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { isAblation } from './ablations.ts'
import type { SignificanceRow } from './data.ts'
import { number } from './format.ts'
import { meanAndDeviation } from './summary.ts'
import { byName } from './text.ts'

/** Metrics that are tested: accuracy, and the two slices that the papers speak of. */
const tested = ['recall@50', 'ndcg@50', 'long-tail/recall@50', 'cold-users/ndcg@50']

/** The row that the others are held against, and where it is not the one that the experiment names, why it is this one. */
export function referenceOf({ rows, run: { experiment } }: Pick<SavedRun, 'rows' | 'run'>): {
  name?: string
  note: string
} {
  const { reference } = experiment
  const groups = byName(rows)
  if (groups.has(reference)) return { name: reference, note: '' }
  // What a change does is asked of the row that is changed, and of no other.
  if (isAblation(experiment)) return { note: '' }
  const bestBy = (value: (row: RowResult) => number | null | undefined) =>
    [...groups]
      .filter(([, [{ kind }]]) => kind !== 'shards')
      .map(([name, group]) => ({ name, mean: meanAndDeviation(group.map(value)).mean ?? Number.NEGATIVE_INFINITY }))
      .filter(({ mean }) => mean > Number.NEGATIVE_INFINITY)
      .sort((a, b) => b.mean - a.mean)[0]?.name
  const learned = bestBy(({ best }) => best?.recall)
  const name = learned ?? bestBy(({ metrics }) => metrics.filtered['recall@50'])
  if (name === undefined) return { note: '' }
  const why = learned === undefined ? 'the best of these users' : 'the best learned one on the validation users'
  return { name, note: `${reference} is not among the rows: they are held against ${name}, ${why}.` }
}

/**
 * The reference row of a run against every other, on each of the metrics (an ablation asks after Recall@50 alone); Holm's
 * correction over the whole table.
 */
export async function significance(saved: SavedRun): Promise<SignificanceRow[]> {
  const names = [...byName(saved.rows).keys()]
  const { experiment } = saved.run
  const { name: reference } = referenceOf(saved)
  if (reference === undefined) return []
  const rows: Omit<SignificanceRow, 'corrected'>[] = []
  for (const metric of isAblation(experiment) ? tested.slice(0, 1) : tested) {
    const ours = await sideOf(saved, reference, metric)
    for (const name of names) {
      if (name === reference) continue
      const test = testUsers(ours, await sideOf(saved, name, metric))
      if (test === undefined) continue
      const { difference, low, high, p } = test
      rows.push({ a: reference, b: name, metric, difference, low, high, p })
    }
  }
  const corrected = holm(rows.map(({ p }) => p))
  return rows.map((row, i) => ({ ...row, corrected: corrected[i] }))
}

/** The table in words: which rows differ from the reference in Recall@50 by more than chance, and which do not. */
export function whatMatters(rows: readonly SignificanceRow[]): string {
  const tests = rows.filter((row) => row.metric === 'recall@50').sort((a, b) => b.difference - a.difference)
  if (tests.length === 0) return ''
  const show = ({ b, difference }: SignificanceRow) =>
    `${b} (${difference > 0 ? '-' : '+'}${number(Math.abs(difference))})`
  const names = (some: SignificanceRow[]) => (some.length === 0 ? 'none' : some.map(show).join(', '))
  const sure = (row: SignificanceRow) => row.corrected < 0.05
  return [
    `Recall@50 against ${tests[0].a}, after Holm:`,
    `significantly below: ${names(tests.filter((row) => sure(row) && row.difference > 0))};`,
    `significantly above: ${names(tests.filter((row) => sure(row) && row.difference < 0))};`,
    `no difference that could not be chance: ${names(tests.filter((row) => !sure(row)))}.`,
  ].join(' ')
}
