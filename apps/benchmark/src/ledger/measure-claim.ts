import { existsSync } from 'node:fs'
import { pairedT } from '@sparc/eval'
import { number, pValue } from '../report/format.ts'
import { meanAndDeviation } from '../report/summary.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Test } from './claims.ts'
import { changesWithSeed, chooseRival, FEW_SEEDS } from './rivals.ts'
import { seedsOf } from './scores.ts'
import { agreement } from './truth.ts'
import { sideOf, testUsers } from './user-test.ts'
import { type Judged, seedCount } from './verdict.ts'

/** What one run says of one claim. */
export interface Measurement extends Omit<Judged, 'corrected'> {
  /** The sentence of the claim. */
  claim: string
  text: string
  p: number
}

/** Something that a run lacks for a test. */
export interface Lack {
  claim: string
  lack: string
}

export type Evidence = Measurement | Lack

/** What a run lacks that is of no synthetic world, for a claim about one. */
export const NEEDS_TRUTH = 'needs a synthetic world, whose interests are known'

/** Only the maker of a world knows the interests of its items, and those that its users are going to have. */
export function asksForTruth(test: Test): boolean {
  return test.kind === 'truth' || ('metric' in test && /^(future|fresh)-interests\//.test(test.metric))
}

export function isLack(found: Evidence): found is Lack {
  return 'lack' in found
}

interface Mean {
  mean: number
  /** Over seeds; null where there is one. */
  sd: number | null
}

function meanOf(values: (number | null)[]): Mean {
  const { mean, sd } = meanAndDeviation(values)
  return { mean: mean ?? Number.NaN, sd }
}

function meanOverUsers(seeds: Float64Array[]): Mean {
  return meanOf(seeds.map((scores) => meanOf([...scores]).mean))
}

/** The experiment, and its folder where that is named otherwise. */
function nameOf({ run }: SavedRun): string {
  const { name } = run.experiment
  return run.name === name ? name : `${name} in ${run.name}`
}

/** The run, and what it was measured on. */
function place(saved: SavedRun): string {
  const { dataset, split, command } = saved.run
  return `${nameOf(saved)}: ${dataset.name}, ${split.kind}, data ${dataset.fingerprint}, \`${command}\``
}

/** Whose evidence it is: runs of the same data and split have the same test users, unless one takes a part of them. */
function evidence(saved: SavedRun): Pick<Judged, 'run' | 'users'> {
  const { dataset, split } = saved.run
  return { run: nameOf(saved), users: `${dataset.fingerprint} ${split.fingerprint} ${split.test}` }
}

function seedText(ours: number, theirs: number): string {
  return ours === theirs ? `${seedCount(ours)} each` : `${ours} against ${theirs} seeds`
}

/** Seeds of the row that has the fewest, of those that another seed could change. */
function fewestSeeds(saved: SavedRun, ...names: string[]): number {
  const counts = names.filter((name) => changesWithSeed(saved, name)).map((name) => seedsOf(saved, name).length)
  return Math.min(...counts)
}

interface Sides {
  ours: Mean
  theirs: Mean
  rival: string
  metric: string
  by?: number
}

/** One sentence of numbers, and whether direction and size are as claimed. */
function weigh({ ours, theirs, rival, metric, by = 0 }: Sides) {
  const relative = ours.mean / theirs.mean - 1
  const show = (side: Mean) => `${number(side.mean)}${side.sd === null ? '' : ` ± ${number(side.sd)}`}`
  const gain = Number.isFinite(relative) ? ` (${relative >= 0 ? '+' : ''}${(relative * 100).toFixed(1)} %)` : ''
  const text = `${metric} ${show(ours)} against ${show(theirs)} of ${rival}${gain}`
  const direction = ours.mean > theirs.mean
  const size = !(relative < by)
  const short = !direction ? 'the difference goes the other way' : !size ? 'smaller than claimed' : ''
  return { text, holds: direction && size, short }
}

/** What a run says of a claim, or what it lacks to say anything. */
export async function measureClaim(saved: SavedRun, claim: string, test: Test): Promise<Evidence> {
  if (test.kind === 'online') return { claim, lack: 'an online measurement; only a simulation could speak to it' }
  if (asksForTruth(test) && !existsSync(saved.paths.truth)) return { claim, lack: NEEDS_TRUTH }
  const rows = seedsOf(saved, test.row)
  if (rows.length === 0) return { claim, lack: `no run has the row ${test.row}` }
  if (test.kind === 'truth') {
    const found = await agreement(saved, test.row)
    if (found === undefined) return { claim, lack: `${test.row} has no codes of its items` }
    const text = `normalised mutual information ${number(found.information)}, shuffled codes ${number(found.shuffled)}`
    return {
      claim,
      text: `${text}, ${seedCount(rows.length)}, p ${pValue(found.p)}; ${place(saved)}`,
      p: found.p,
      holds: found.information > found.shuffled,
      short: '',
      seeds: fewestSeeds(saved, test.row),
      passedOver: [],
      ...evidence(saved),
    }
  }
  if (test.kind === 'above') return measureBound(saved, claim, test)
  const { rival, passedOver, candidates } = chooseRival(saved, test)
  if (candidates.length === 0) {
    const any = 'bestOf' in test.than && test.than.bestOf === 'learned' ? 'any learned rival' : 'any rival'
    const wanted = 'row' in test.than ? `the row ${test.than.row}` : `${any} with ${test.metric}`
    return { claim, lack: `no run has ${wanted} beside ${test.row}` }
  }
  const lacking = lacks(saved, [test.row, ...(rival === undefined ? [] : [rival])], test.metric)
  if (lacking !== undefined) return { claim, lack: `${lacking} was not measured by ${test.metric}` }
  const { metric, by } = test
  const few = `${metric} is one number per run: testing it takes at least ${FEW_SEEDS} seeds that both rows have`
  if (rival === undefined) return { claim, lack: few }
  const sides =
    test.kind === 'users' ? await userSides(saved, test.row, rival, metric) : seedSides(saved, test.row, rival, metric)
  if (sides === undefined) {
    return { claim, lack: test.kind === 'seeds' ? few : `${metric} has a value for less than two users` }
  }
  const { text, holds, short } = weigh({ ...sides, rival, metric, by })
  const all = meanOf(rows.map((row) => row.metrics.filtered[metric]))
  const beaten = passedOver.every((each) => {
    return weigh({ ours: all, theirs: { mean: each.mean, sd: null }, rival: each.name, metric, by }).holds
  })
  return {
    claim,
    text: `${text}, ${sides.seedText}, p ${pValue(sides.p)}; ${place(saved)}`,
    p: sides.p,
    holds: holds && beaten,
    short: short || (beaten ? '' : 'not above a better rival that has fewer seeds, or not by as much'),
    seeds: sides.seeds,
    passedOver: passedOver.map(
      (each) => `${each.name} with ${number(each.mean)} on ${seedCount(each.seeds)} (${saved.run.name})`,
    ),
    ...evidence(saved),
  }
}

/** Whether a metric of each test user is above a number: a paired t test against that number for everybody. */
async function measureBound(
  saved: SavedRun,
  claim: string,
  { row, metric, bound }: Extract<Test, { kind: 'above' }>,
): Promise<Evidence> {
  const { scores } = await sideOf(saved, row, metric)
  if (scores.some((seed) => seed.every(Number.isNaN))) return { claim, lack: `${row} has no value of ${metric}` }
  const { p } = pairedT(scores, new Float64Array(scores[0].length).fill(bound))
  const mean = meanOverUsers(scores)
  const values = Float64Array.from(scores.flatMap((seed) => [...seed].filter((value) => !Number.isNaN(value)))).sort()
  const low = number(values[Math.floor(values.length / 20)])
  const spread = mean.sd === null ? '' : ` ± ${number(mean.sd)}`
  return {
    claim,
    text: `${metric} ${number(mean.mean)}${spread}, above ${low} for 19 users in 20, ${seedCount(scores.length)}, p ${pValue(p)}; ${place(saved)}`,
    p,
    holds: mean.mean > bound,
    short: mean.mean > bound ? '' : `below ${number(bound)}`,
    seeds: fewestSeeds(saved, row),
    passedOver: [],
    ...evidence(saved),
  }
}

/** The row that has no value of a metric that others of the run have: it was measured before there was one. */
function lacks(saved: SavedRun, names: string[], metric: string): string | undefined {
  if (!saved.rows.some((row) => metric in row.metrics.filtered)) return undefined
  return names.find((name) => seedsOf(saved, name).some((row) => !(metric in row.metrics.filtered)))
}

async function userSides(saved: SavedRun, row: string, rival: string, metric: string) {
  const [a, b] = [await sideOf(saved, row, metric), await sideOf(saved, rival, metric)]
  const test = testUsers(a, b)
  if (test === undefined) return undefined
  return {
    ours: meanOverUsers(a.scores),
    theirs: meanOverUsers(b.scores),
    p: test.p,
    seedText: seedText(a.scores.length, b.scores.length),
    seeds: fewestSeeds(saved, row, rival),
  }
}

/** Over the seeds that both rows have, so that the differences are paired. */
function seedSides(saved: SavedRun, row: string, rival: string, metric: string) {
  const value = (of: RowResult | undefined) => of?.metrics.filtered[metric] ?? Number.NaN
  const theirs = seedsOf(saved, rival)
  const rivals = new Map(theirs.map((each) => [each.seed, each]))
  // What no seed changes was measured with one, and is the same with each.
  const always = changesWithSeed(saved, rival) ? undefined : theirs[0]
  const pairs = seedsOf(saved, row)
    .map((ours) => ({ a: value(ours), b: value(rivals.get(ours.seed) ?? always) }))
    .filter(({ a, b }) => !Number.isNaN(a) && !Number.isNaN(b))
  if (pairs.length < FEW_SEEDS) return undefined
  const [a, b] = [pairs.map((pair) => pair.a), pairs.map((pair) => pair.b)]
  const { p } = pairedT(Float64Array.from(a), Float64Array.from(b))
  const measured = always === undefined ? b.length : theirs.length
  return { ours: meanOf(a), theirs: meanOf(b), p, seedText: seedText(a.length, measured), seeds: pairs.length }
}
