import { holm } from '@sparc/eval'
import { InvalidInputError } from '@sparc/tables'
import { sideOf, testUsers } from '../ledger/user-test.ts'
import { number, pValue } from '../report/format.ts'
import { meanAndDeviation } from '../report/summary.ts'
import { align, byName } from '../report/text.ts'
import { differences } from '../run-folder/resume.ts'
import { openRun, type SavedRun } from '../run-folder/saved-runs.ts'

function mean(saved: SavedRun, name: string, metric: string): number | null {
  const rows = byName(saved.rows).get(name) ?? []
  return meanAndDeviation(rows.map((row) => row.metrics.filtered[metric])).mean
}

/**
 * `benchmark compare A B`: every row that both runs have, with the significance of the difference; over pairs of seeds where both
 * have the same trained models.
 *
 * @throws InvalidInputError `RUNS_DIFFER` where they were not measured on the same data and split, with what differs
 */
export async function compare(a: string, b: string, options: { out: string; metric: string }): Promise<void> {
  const [left, right] = [await openRun(a, options.out), await openRun(b, options.out)]
  const differ = differences(left.run, right.run)
  if (differ.length > 0) {
    throw new InvalidInputError('RUNS_DIFFER', {
      what: 'These runs were not measured on the same data, so their numbers say nothing about each other',
      given: differ.join('; '),
      allowed: 'two runs with the same data and split fingerprints',
      next: 'Run one of them again on the data of the other',
    })
  }
  const names = [...byName(left.rows).keys()].filter((name) => byName(right.rows).has(name))
  const tests: { name: string; difference: number; low: number; high: number; p: number }[] = []
  const untested: string[] = []
  for (const name of names) {
    const test = testUsers(await sideOf(left, name, options.metric), await sideOf(right, name, options.metric))
    if (test === undefined) untested.push(name)
    else tests.push({ name, ...test })
  }
  const corrected = holm(tests.map(({ p }) => p))
  const body = tests.map(({ name, difference, low, high, p }, i) => [
    name,
    number(mean(left, name, options.metric)),
    number(mean(right, name, options.metric)),
    number(difference),
    `${number(low)} to ${number(high)}`,
    pValue(p),
    pValue(corrected[i]),
  ])
  const only = (here: SavedRun, there: SavedRun) =>
    [...byName(here.rows).keys()].filter((name) => !byName(there.rows).has(name))
  const head = [`${options.metric}, history filtered`, a, b, 'difference', '95 % interval', 'p', 'p after Holm']
  process.stdout.write(`${align([head, ...body])}\n`)
  for (const [what, rows] of [
    [`only in ${a}`, only(left, right)],
    [`only in ${b}`, only(right, left)],
    ['a value for less than two users', untested],
  ] as const) {
    if (rows.length > 0) process.stdout.write(`${what}: ${rows.join(', ')}\n`)
  }
}
