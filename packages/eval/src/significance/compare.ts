import { InvalidInputError, parseOptions, suggest } from '@sparc/tables'
import { z } from 'zod'
import type { Report } from '../metrics/report.ts'
import { holm } from './holm.ts'
import { pairedBootstrap } from './paired-bootstrap.ts'
import { mean, type SeedOptions, type SeedScores, type TestResult } from './paired-scores.ts'
import { pairedT } from './paired-t.ts'

const schema = z.strictObject({
  against: z.string(),
  metrics: z.array(z.string()).min(1),
  method: z.enum(['bootstrap', 't']).default('bootstrap'),
  resamples: z.int().min(100).default(10_000),
  seed: z.int().default(0),
  alpha: z.number().positive().lt(1).default(0.05),
  pairedSeeds: z.array(z.string()).default([]),
})

/** What to compare, and how. */
export interface CompareOptions {
  /** The system that all others are compared with. */
  against: string
  /** Metrics by name; `long-tail/recall@50` is recall@50 in the slice `long-tail`. */
  metrics: string[]
  /** Paired bootstrap (the default) or paired t. */
  method?: 'bootstrap' | 't'
  /** Of the bootstrap, 10,000 by default. */
  resamples?: number
  seed?: number
  /** What an adjusted p must be below to be called significant, and 1 - confidence of the intervals; .05 by default. */
  alpha?: number
  /**
   * Systems whose reports are of the same trained models as those of `against`, in the same order: one model asked in two ways, by exact
   * search and by an index, say. What a seed does to both cancels.
   */
  pairedSeeds?: string[]
}

/** One claim: `system` differs from `against` in `metric`. */
export interface Comparison extends TestResult {
  system: string
  against: string
  metric: string
  /** The difference as a share of the mean of `against`; null where that is 0. */
  relative: number | null
  /** p after Holm's correction over all comparisons of the call. */
  adjusted: number
  significant: boolean
}

/**
 * Compares systems with one of them, case by case, in each of the metrics; Holm's correction is over all of the claims that
 * the call makes, so make in one call what is claimed together. A system with several reports was trained with several
 * seeds, of its own unless `pairedSeeds` names it.
 *
 * ```ts
 * const claims = compare({ sparc: [seed1, seed2], ease }, { against: 'ease', metrics: ['recall@50', 'long-tail/recall@50'] })
 * ```
 * @throws InvalidInputError UNKNOWN_SYSTEM, UNKNOWN_METRIC, CASES_DIFFER, SEEDS_DIFFER, MISSING_PER_CASE
 */
export function compare(systems: Record<string, Report | Report[]>, options: CompareOptions): Comparison[] {
  const { against, metrics, method, resamples, seed, alpha, pairedSeeds } = parseOptions(
    schema,
    options,
    'options of compare',
  )
  const reports = new Map(
    Object.entries(systems).map(([name, given]) => [name, Array.isArray(given) ? given : [given]] as const),
  )
  const base = reports.get(against)
  if (!base) throw unknownSystem('There is no system of this name to compare with', against, [...reports.keys()])
  const names = [...reports.keys()].filter((name) => name !== against)
  const stranger = pairedSeeds.find((name) => !names.includes(name))
  if (stranger !== undefined)
    throw unknownSystem('There is no such system whose seeds could be paired', stranger, names)
  checkSameCases([...reports])
  const found = metrics.flatMap((metric) => {
    const right = base.map((report) => caseScores(report, metric, against))
    return names.map((system) => {
      const left = reports.get(system)!.map((report) => caseScores(report, metric, system))
      const result = test(left, right, { pairedSeeds: pairedSeeds.includes(system) })
      const level = mean(right.map((scores) => mean(scores.filter((value) => !Number.isNaN(value)))))
      return { system, against, metric, ...result, relative: level === 0 ? null : result.difference / level }
    })
  })
  const adjusted = holm(found.map(({ p }) => p))
  return found.map((claim, i) => ({ ...claim, adjusted: adjusted[i], significant: adjusted[i] < alpha }))

  function test(left: SeedScores, right: SeedScores, seeds: SeedOptions): TestResult {
    const confidence = 1 - alpha
    if (method === 'bootstrap') return pairedBootstrap(left, right, { resamples, seed, confidence, ...seeds })
    const { difference, low, high, p, effect, count } = pairedT(left, right, { confidence, ...seeds })
    return { difference, low, high, p, effect, count }
  }
}

/**
 * A metric of each case of a report (or of its table of values alone), NaN where it says nothing:
 * `caseScores(report, 'long-tail/recall@50')`.
 */
export function caseScores(report: Pick<Report, 'perCase'>, metric: string, system = 'the system'): Float64Array {
  if (!report.perCase) throw missingPerCase(system)
  const column = report.perCase.getChild(metric)
  if (column) return Float64Array.from(column, (value) => (value === null ? Number.NaN : Number(value)))
  const slash = metric.lastIndexOf('/')
  const mask = slash < 0 ? null : report.perCase.getChild(metric.slice(0, slash))
  const inner = slash < 0 ? null : report.perCase.getChild(metric.slice(slash + 1))
  if (mask && inner) {
    const values = inner.toArray()
    return Float64Array.from(mask, (inside, row) => (inside && inner.isValid(row) ? Number(values[row]) : Number.NaN))
  }
  const names = report.perCase.schema.fields.map((field) => field.name).filter((name) => name.includes('@'))
  const near = suggest(metric, names)
  throw new InvalidInputError('UNKNOWN_METRIC', {
    what: `The report of ${system} has no value of this metric for each case`,
    given: metric,
    allowed: inShort(names),
    next: near ? `Did you mean "${near}"?` : 'Evaluate with it; coverage and gini are of all cases together',
  })
}

/** Metric names by K and slice: `recall, ndcg, long-tail/recall at 10, 50`. */
function inShort(names: readonly string[]): string {
  const families = new Set(names.map((name) => name.replace(/@.*$/, '')))
  const cutoffs = new Set(names.map((name) => name.replace(/^.*@/, '')))
  return `${[...families].join(', ')} at ${[...cutoffs].join(', ')}`
}

function checkSameCases(reports: (readonly [string, Report[]])[]): void {
  const [first, ...others] = reports.flatMap(([name, seeds]) => seeds.map((report) => ({ name, report })))
  if (!first?.report.perCase) throw missingPerCase(first?.name ?? 'the system')
  const wanted = users(first.report)
  for (const { name, report } of others) {
    if (!report.perCase) throw missingPerCase(name)
    const given = users(report)
    const row = wanted.findIndex((user, at) => given[at] !== user)
    if (given.length === wanted.length && row < 0) continue
    throw new InvalidInputError('CASES_DIFFER', {
      what: `${name} was evaluated on other cases than ${first.name}`,
      given: given.length === wanted.length ? `user ${given[row]} in row ${row}` : `${given.length} cases`,
      allowed: given.length === wanted.length ? `user ${wanted[row]} in row ${row}` : `${wanted.length} cases`,
      next: 'Evaluate all systems on the same cases table',
    })
  }
}

function users(report: Report): unknown[] {
  return Array.from(report.perCase?.getChild('user') ?? [])
}

function unknownSystem(what: string, given: string, systems: readonly string[]): InvalidInputError {
  const near = suggest(given, systems)
  return new InvalidInputError('UNKNOWN_SYSTEM', {
    what,
    given,
    allowed: systems.join(', '),
    next: near ? `Did you mean "${near}"?` : 'Pass its report too',
  })
}

function missingPerCase(system: string): InvalidInputError {
  return new InvalidInputError('MISSING_PER_CASE', {
    what: `The report of ${system} has no values for each case`,
    given: 'a report made with perCase: false, or read from JSON',
    next: 'Evaluate again with perCase: true, which is the default',
  })
}
