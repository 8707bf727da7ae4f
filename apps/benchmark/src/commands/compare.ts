import { holm, pairedBootstrap } from '@sparc/eval'
import { InvalidInputError } from '@sparc/tables'
import { userScores } from '../ledger/scores.ts'
import { number, pValue } from '../report/format.ts'
import { meanAndDeviation } from '../report/summary.ts'
import { align, byName } from '../report/text.ts'
import { differences } from '../run-folder/resume.ts'
import { openRun, type SavedRun } from './runs.ts'

function mean(saved: SavedRun, name: string, metric: string): number | null {
  const rows = byName(saved.rows).get(name) ?? []
  return meanAndDeviation(rows.map((row) => row.metrics.filtered[metric])).mean
}

/**
 * `benchmark compare A B`: every row that both runs have, with the significance of the difference.
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
  for (const name of names) {
    const [ours, theirs] = [await userScores(left, name, options.metric), await userScores(right, name, options.metric)]
    tests.push({ name, ...pairedBootstrap(ours, theirs) })
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
  for (const [name, rows] of [
    [a, only(left, right)],
    [b, only(right, left)],
  ] as const) {
    if (rows.length > 0) process.stdout.write(`only in ${name}: ${rows.join(', ')}\n`)
  }
}
