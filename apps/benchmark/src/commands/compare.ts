import { holm, type TestResult } from '@sparc/eval'
import { InvalidInputError, SparcError, suggest } from '@sparc/tables'
import { metricsOfUsers } from '../ledger/scores.ts'
import { type Side, sideOf, testUsers } from '../ledger/user-test.ts'
import { number, pValue } from '../report/format.ts'
import { meanAndDeviation } from '../report/summary.ts'
import { align, byName } from '../report/text.ts'
import { differences } from '../run-folder/resume.ts'
import { openRun, type SavedRun } from '../run-folder/saved-runs.ts'

/** Over users and seeds: not every metric of users has its mean among those of the run. */
function mean({ scores }: Side): number | null {
  return meanAndDeviation(scores.flatMap((seed) => [...seed])).mean
}

/** What a metric says of each user of a row; undefined where the row was not measured by it, or has no vectors to be. */
async function sideIfAny(saved: SavedRun, name: string, metric: string): Promise<Side | undefined> {
  try {
    return await sideOf(saved, name, metric)
  } catch (error) {
    if (SparcError.isInstance(error) && ['UNKNOWN_METRIC', 'NO_SUCH_FILE'].includes(error.code)) return undefined
    throw error
  }
}

/** Metrics that both runs have for each user of some row. */
async function metricsOf([a, b]: SavedRun[]): Promise<string[]> {
  const [left, right] = [await metricsOfUsers(a), await metricsOfUsers(b)]
  return left.filter((metric) => right.includes(metric))
}

async function noSuchMetric(metric: string, lacking: readonly string[], runs: SavedRun[]): Promise<InvalidInputError> {
  const there = await metricsOf(runs)
  const near = suggest(metric, there)
  return new InvalidInputError('UNKNOWN_METRIC', {
    what: `No row that both runs have has a value of this metric for each user: ${lacking.join(', ')}`,
    given: metric,
    allowed: there.join(', '),
    next: near === undefined ? 'Give one of these with --metric' : `Did you mean ${near}?`,
  })
}

/**
 * `benchmark compare A B`: every row that both runs have, with the significance of the difference; over pairs of seeds where both
 * have the same trained models.
 *
 * @throws InvalidInputError `RUNS_DIFFER` where they were not measured on the same data and split, with what differs;
 * `UNKNOWN_METRIC` where no row has a value on both sides
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
  const tests: (TestResult & { name: string; means: (number | null)[] })[] = []
  const [untested, lacking] = [[] as string[], [] as string[]]
  for (const name of names) {
    const [ours, theirs] = [await sideIfAny(left, name, options.metric), await sideIfAny(right, name, options.metric)]
    if (ours === undefined || theirs === undefined) {
      const runs = new Set([...(ours ? [] : [a]), ...(theirs ? [] : [b])])
      lacking.push(`${name} in ${[...runs].join(' and ')}`)
      continue
    }
    const test = testUsers(ours, theirs)
    if (test === undefined) untested.push(name)
    else tests.push({ name, means: [mean(ours), mean(theirs)], ...test })
  }
  if (lacking.length > 0 && lacking.length === names.length) {
    throw await noSuchMetric(options.metric, lacking, [left, right])
  }
  const corrected = holm(tests.map(({ p }) => p))
  const body = tests.map(({ name, means, difference, low, high, p }, i) => [
    name,
    ...means.map((value) => number(value)),
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
    [`no value of ${options.metric}`, lacking],
  ] as const) {
    if (rows.length > 0) process.stdout.write(`${what}: ${rows.join(', ')}\n`)
  }
}
