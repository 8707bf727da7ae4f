import { holm, pairedBootstrap, pairedT } from '@sparc/eval'
import type { SavedRun } from '../commands/runs.ts'
import { number, pValue } from '../report/format.ts'
import { onOneSeed } from '../report/seeds.ts'
import { meanAndDeviation } from '../report/summary.ts'
import type { RowResult } from '../run-folder/results.ts'
import { allRivals, type Claim, type LedgerRow, learnedRivals, type Rival, type Test, type Verdict } from './claims.ts'
import { seedsOf, userScores } from './scores.ts'
import { agreement } from './truth.ts'

/** Level below which p must be after Holm's correction over all tests of the ledger. */
const ALPHA = 0.05

/** What one run says of one claim. */
interface Measurement {
  claim: number
  run: string
  text: string
  p: number
  /** Direction and size are as claimed. */
  holds: boolean
  /** Why it does not hold, apart from p. */
  short: string
  /** A side that another seed could change has one seed only. */
  oneSeed: boolean
}

/** Something that a run lacks for a test. */
interface Lack {
  claim: number
  lack: string
}

function isLack(found: Measurement | Lack): found is Lack {
  return 'lack' in found
}

function cell(saved: SavedRun, name: string, metric: string) {
  return meanAndDeviation(seedsOf(saved, name).map((row) => row.metrics.filtered[metric]))
}

/** The rival of a claim in a run: the row itself, or the one of the group with the highest mean in this metric. */
function rivalOf(saved: SavedRun, rival: Rival, metric: string): string | undefined {
  if ('row' in rival) return seedsOf(saved, rival.row).length > 0 ? rival.row : undefined
  const group = rival.bestOf === 'learned' ? learnedRivals : allRivals
  let best: string | undefined
  let highest = Number.NEGATIVE_INFINITY
  for (const name of group) {
    const mean = cell(saved, name, metric).mean
    if (mean !== null && mean > highest) [best, highest] = [name, mean]
  }
  return best
}

function mean(seeds: Float64Array[]): { mean: number; sd: number | null } {
  const means = seeds.map((scores) => {
    const known = scores.filter((value) => !Number.isNaN(value))
    return known.reduce((sum, value) => sum + value, 0) / known.length
  })
  const all = meanAndDeviation(means)
  return { mean: all.mean ?? Number.NaN, sd: all.sd }
}

function place({ run }: SavedRun): string {
  return `${run.dataset.name}, ${run.split.kind}, data ${run.dataset.fingerprint}, \`${run.command}\``
}

function seedText(ours: number, theirs: number): string {
  return ours === theirs ? `${ours} seed${ours === 1 ? '' : 's'} each` : `${ours} against ${theirs} seeds`
}

interface Sides {
  ours: { mean: number; sd: number | null }
  theirs: { mean: number; sd: number | null }
  rival: string
  metric: string
  by?: number
}

/** One sentence of numbers, and whether direction and size are as claimed. */
function weigh({ ours, theirs, rival, metric, by = 0 }: Sides) {
  const relative = ours.mean / theirs.mean - 1
  const show = (side: Sides['ours']) => `${number(side.mean)}${side.sd === null ? '' : ` ± ${number(side.sd)}`}`
  const gain = Number.isFinite(relative) ? ` (${relative >= 0 ? '+' : ''}${(relative * 100).toFixed(1)} %)` : ''
  const text = `${metric} ${show(ours)} against ${show(theirs)} of ${rival}${gain}`
  const direction = ours.mean > theirs.mean
  const size = !(relative < by)
  const short = !direction ? 'the difference goes the other way' : !size ? 'smaller than claimed' : ''
  return { text, holds: direction && size, short }
}

async function measureClaim(saved: SavedRun, claim: number, test: Test): Promise<Measurement | Lack> {
  if (test.kind === 'online') return { claim, lack: 'an online measurement; only a simulation could speak to it' }
  const rows = seedsOf(saved, test.row)
  if (rows.length === 0) return { claim, lack: `no run has the row ${test.row}` }
  if (test.kind === 'truth') {
    const found = await agreement(saved, test.row)
    if (found === undefined) return { claim, lack: 'needs a synthetic world, whose interests are known' }
    const text = `normalised mutual information ${number(found.information)}, shuffled codes ${number(found.shuffled)}`
    const measured = `${text}, p ${pValue(found.p)}; ${place(saved)}`
    return {
      claim,
      run: saved.run.name,
      text: measured,
      p: found.p,
      holds: found.information > found.shuffled,
      short: '',
      oneSeed: onOneSeed(saved.run.experiment, saved.rows).includes(test.row),
    }
  }
  const rival = rivalOf(saved, test.than, test.metric)
  if (rival === undefined) {
    const wanted = 'row' in test.than ? `the row ${test.than.row}` : `any ${test.than.bestOf} rival with ${test.metric}`
    return { claim, lack: `no run has ${wanted} beside ${test.row}` }
  }
  const lacking = lacks(saved, [test.row, rival], test.metric)
  if (lacking !== undefined) return { claim, lack: `${lacking} was not measured by ${test.metric}` }
  const sides =
    test.kind === 'users'
      ? await userSides(saved, test.row, rival, test.metric)
      : seedSides(saved, test.row, rival, test.metric)
  if (sides === undefined) {
    const few = 'is one number per run: testing it takes at least 3 seeds'
    return { claim, lack: `${test.metric} ${test.kind === 'seeds' ? few : 'has a value for less than two users'}` }
  }
  const { text, holds, short } = weigh({ ...sides, rival, metric: test.metric, by: test.by })
  return {
    claim,
    run: saved.run.name,
    text: `${text}, ${sides.seeds}, p ${pValue(sides.p)}; ${place(saved)}`,
    p: sides.p,
    holds,
    short,
    oneSeed: onOneSeed(saved.run.experiment, saved.rows).some((name) => name === test.row || name === rival),
  }
}

/** The row that has no value of a metric that others of the run have: it was measured before there was one. */
function lacks(saved: SavedRun, names: string[], metric: string): string | undefined {
  if (!saved.rows.some((row) => metric in row.metrics.filtered)) return undefined
  return names.find((name) => seedsOf(saved, name).some((row) => !(metric in row.metrics.filtered)))
}

async function userSides(saved: SavedRun, row: string, rival: string, metric: string) {
  const [a, b] = [await userScores(saved, row, metric), await userScores(saved, rival, metric)]
  const count = a[0].filter((value, user) => !Number.isNaN(value) && !Number.isNaN(b[0][user])).length
  if (count < 2) return undefined
  return { ours: mean(a), theirs: mean(b), p: pairedBootstrap(a, b).p, seeds: seedText(a.length, b.length) }
}

/** Over the seeds that both rows were trained with, so that the differences are paired. */
function seedSides(saved: SavedRun, row: string, rival: string, metric: string) {
  const rivals = new Map(seedsOf(saved, rival).map((each) => [each.seed, each]))
  const both = seedsOf(saved, row).filter(({ seed }) => rivals.has(seed))
  if (both.length < 3) return undefined
  const value = (of: RowResult) => of.metrics.filtered[metric] ?? Number.NaN
  const [a, b] = [both.map(value), both.map(({ seed }) => value(rivals.get(seed)!))]
  const { p } = pairedT(Float64Array.from(a), Float64Array.from(b))
  const side = (all: number[]) => ({ mean: meanAndDeviation(all).mean ?? Number.NaN, sd: meanAndDeviation(all).sd })
  return { ours: side(a), theirs: side(b), p, seeds: seedText(a.length, b.length) }
}

/**
 * The ledger, made by rule alone: p is corrected by Holm over every test of every run; a claim is reproduced where each
 * run that can test it has p < .05, the claimed direction and at least the claimed size.
 */
export async function judge(claims: readonly Claim[], runs: readonly SavedRun[]): Promise<LedgerRow[]> {
  const found: (Measurement | Lack)[] = []
  for (const [c, { test }] of claims.entries()) {
    if (runs.length === 0) found.push({ claim: c, lack: 'there is no run' })
    for (const saved of runs) found.push(await measureClaim(saved, c, test))
  }
  const measured = found.filter((each): each is Measurement => !isLack(each))
  const corrected = holm(measured.map(({ p }) => p))
  return claims.map(({ claim, source }, c) => {
    const mine = measured.flatMap((each, i) => (each.claim === c ? [{ ...each, corrected: corrected[i] }] : []))
    const { verdict, why } = decide(
      mine,
      found.find((each): each is Lack => isLack(each) && each.claim === c)?.lack ?? '',
    )
    return {
      claim,
      source,
      measured: mine.map(({ text, corrected: p }) => `${text}, after Holm ${pValue(p)}`),
      verdict,
      why,
    }
  })
}

/** The rule. */
export function decide(
  measured: { holds: boolean; corrected: number; short: string; oneSeed: boolean }[],
  lack: string,
): { verdict: Verdict; why: string } {
  if (measured.length === 0) return { verdict: 'not testable here', why: lack }
  const good = measured.filter(({ holds, corrected }) => holds && corrected < ALPHA)
  if (good.length === measured.length) {
    const but = good.some(({ oneSeed }) => oneSeed) ? '; on one seed, so what another would change is not tested' : ''
    return { verdict: 'reproduced', why: `p < .05 after Holm, direction and size as claimed${but}` }
  }
  const bad = measured.filter((each) => !good.includes(each))
  const reasons = new Set(bad.map(({ short }) => short || 'not significant'))
  const share = measured.length > 1 ? `in ${bad.length} of ${measured.length} runs: ` : ''
  return { verdict: 'not reproduced', why: `${share}${[...reasons].join('; ')}` }
}
