import { type Random, random } from '@sparc/tables'
import { mean, type PairedScores, pairedEffect, pairScores, type SeedScores, type TestResult } from './paired-scores.ts'

/** How to resample. */
export interface BootstrapOptions {
  /** 10,000 by default. */
  resamples?: number
  /** Seed of the resampling, 0 by default. */
  seed?: number
  confidence?: number
}

/**
 * Paired bootstrap over cases (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16): cases
 * are drawn with replacement, both systems on the same draw. The interval is the percentile interval; p is the share of
 * resampled differences, moved to a mean of 0, that are as far from 0 as the one observed:
 * `(1 + as far) / (1 + resamples)`.
 *
 * With several seeds each resample draws seeds of either system with replacement too (the pigeonhole bootstrap; Owen,
 * Annals of Applied Statistics 2007), so that a difference must be larger than what another seed would change. With fewer
 * than about 10 seeds `pairedT` is the sharper judge of that part.
 *
 * @throws InvalidInputError CASES_DIFFER, TOO_FEW_CASES
 */
export function pairedBootstrap(
  a: Float64Array | SeedScores,
  b: Float64Array | SeedScores,
  { resamples = 10_000, seed = 0, confidence = 0.95 }: BootstrapOptions = {},
): TestResult {
  const paired = pairScores(a, b)
  const source = random(seed)
  const difference = mean(paired.differences)
  const several = paired.a.length > 1 || paired.b.length > 1
  const drawn = new Float64Array(resamples)
  let far = 0
  for (let r = 0; r < resamples; r++) {
    drawn[r] = resampledMean(several ? redrawSeeds(paired, source) : paired.differences, source)
    // A hair of slack, so that equal sums in another order count as equal.
    if (Math.abs(drawn[r] - difference) >= Math.abs(difference) * (1 - 1e-12)) far++
  }
  drawn.sort()
  const tail = (1 - confidence) / 2
  return {
    difference,
    low: quantile(drawn, tail),
    high: quantile(drawn, 1 - tail),
    p: (1 + far) / (1 + resamples),
    effect: pairedEffect(paired.differences),
    count: paired.differences.length,
  }
}

/** The mean of as many draws with replacement as there are values. */
function resampledMean(values: Float64Array, source: Random): number {
  const { length } = values
  let sum = 0
  for (let i = 0; i < length; i++) sum += values[source.int(length)]
  return sum / length
}

/** Differences per case between means over seeds drawn with replacement. */
function redrawSeeds({ a, b }: PairedScores, source: Random): Float64Array {
  const differences = new Float64Array(a[0].length)
  for (const [system, sign] of [
    [a, 1],
    [b, -1],
  ] as const) {
    const weights = new Float64Array(system.length)
    for (let s = 0; s < system.length; s++) weights[source.int(system.length)] += sign / system.length
    for (let s = 0; s < system.length; s++) {
      const scores = system[s]
      const weight = weights[s]
      if (weight !== 0) for (let row = 0; row < scores.length; row++) differences[row] += weight * scores[row]
    }
  }
  return differences
}

/** Linear interpolation between the sorted values (type 7 of Hyndman and Fan, as NumPy does). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}
