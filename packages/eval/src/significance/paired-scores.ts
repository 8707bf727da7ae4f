import { InvalidInputError } from '@sparc/tables'

/** A metric of each case, once for each seed that a system was trained with: `[seeds][cases]`, NaN where not defined. */
export type SeedScores = Float64Array[]

/** How the seeds of two systems belong together. */
export interface SeedOptions {
  /**
   * Seed s of one system and seed s of the other are one trained model, asked in two ways (by exact search and by an index, say):
   * what a seed does to both cancels, and what it does to their difference is what counts. Systems that were trained apart
   * have seeds of their own, which is the default.
   */
  pairedSeeds?: boolean
}

/** Scores of two systems on the same cases, those only that are defined for every seed of both. */
export interface PairedScores {
  /** With paired seeds the differences of each seed, and `b` is one seed of zeros. */
  a: SeedScores
  b: SeedScores
  /** Mean over seeds of a minus mean over seeds of b, per case. */
  differences: Float64Array
}

/** What a paired test says of `a - b`. */
export interface TestResult {
  /** Mean of a minus mean of b. */
  difference: number
  /** Confidence interval of the difference. */
  low: number
  high: number
  /** Two-sided probability of a difference this large where there is none. */
  p: number
  /** Cohen's d of paired samples: mean / standard deviation of the differences over cases. */
  effect: number
  /** Cases that counted. */
  count: number
}

/** @throws InvalidInputError CASES_DIFFER, SEEDS_DIFFER, TOO_FEW_CASES */
export function pairScores(
  a: Float64Array | SeedScores,
  b: Float64Array | SeedScores,
  { pairedSeeds = false }: SeedOptions = {},
): PairedScores {
  const left = Array.isArray(a) ? a : [a]
  const right = Array.isArray(b) ? b : [b]
  const all = [...left, ...right]
  const length = all[0]?.length ?? 0
  if (left.length === 0 || right.length === 0 || all.some((scores) => scores.length !== length)) {
    throw new InvalidInputError('CASES_DIFFER', {
      what: 'Scores to be compared are not of the same cases',
      given: `${left.map((scores) => scores.length)} cases against ${right.map((scores) => scores.length)}`,
      allowed: 'one value per case, the same cases in the same order for both and for every seed',
      next: 'Evaluate both systems on the same cases table',
    })
  }
  if (pairedSeeds && left.length !== right.length) {
    throw new InvalidInputError('SEEDS_DIFFER', {
      what: 'Seeds that are to stand in pairs are not as many on both sides',
      given: `${left.length} against ${right.length} seeds`,
      allowed: 'the same seeds of the same models in the same order, asked in two ways',
      next: 'Give the seeds that both have, or leave out pairedSeeds where the systems were trained apart',
    })
  }
  const rows = Array.from({ length }, (_, row) => row).filter((row) => !all.some((scores) => Number.isNaN(scores[row])))
  if (rows.length < 2) {
    throw new InvalidInputError('TOO_FEW_CASES', {
      what: 'A test needs at least two cases that both systems have a score for',
      given: rows.length,
      next: 'Test on more cases, or a metric that is defined for them',
    })
  }
  const keep = (scores: Float64Array) => Float64Array.from(rows, (row) => scores[row])
  const kept = { a: left.map(keep), b: right.map(keep) }
  if (pairedSeeds) {
    kept.a = kept.a.map((scores, s) => scores.map((value, row) => value - kept.b[s][row]))
    kept.b = [new Float64Array(rows.length)]
  }
  const means = { a: meanOverSeeds(kept.a), b: meanOverSeeds(kept.b) }
  return { ...kept, differences: means.a.map((value, row) => value - means.b[row]) }
}

function meanOverSeeds(seeds: SeedScores): Float64Array {
  return seeds[0].map((_, row) => mean(seeds.map((scores) => scores[row])))
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Sample variance, over n - 1. */
export function variance(values: ArrayLike<number>): number {
  const middle = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] - middle) ** 2
  return sum / (values.length - 1)
}

/** Cohen's d of paired samples; 0 where all differences are 0, infinite where they are all the same. */
export function pairedEffect(differences: Float64Array): number {
  const middle = mean(differences)
  return middle === 0 ? 0 : middle / Math.sqrt(variance(differences))
}
