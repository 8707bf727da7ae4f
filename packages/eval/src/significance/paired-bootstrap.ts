import { type Random, random } from '@sparc/tables'
import { casePart, freedomOf, seedParts, totalOf } from './error-parts.ts'
import { mean, pairedEffect, pairScores, type SeedOptions, type SeedScores, type TestResult } from './paired-scores.ts'
import { chiSquareDraw } from './student.ts'

/** How to resample. */
export interface BootstrapOptions extends SeedOptions {
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
 * With several seeds a difference must be larger than what another seed would change. Three seeds or five are too few to be
 * drawn from: redrawing them finds differences that are not there. So a resample is of cases, of the means over seeds, with a
 * normal draw of the seeds' own error on top, and the deviation of both is divided by `sqrt(chi2(f) / f)`, which makes Student's t
 * of a normal one; error and degrees of freedom f are those of `pairedT`. A system with one seed is taken to be deterministic, so
 * give at least two of one that is not.
 *
 * @throws InvalidInputError CASES_DIFFER, SEEDS_DIFFER, TOO_FEW_CASES
 */
export function pairedBootstrap(
  a: Float64Array | SeedScores,
  b: Float64Array | SeedScores,
  { resamples = 10_000, seed = 0, confidence = 0.95, pairedSeeds }: BootstrapOptions = {},
): TestResult {
  const paired = pairScores(a, b, { pairedSeeds })
  const source = random(seed)
  const difference = mean(paired.differences)
  const seeds = seedParts(paired)
  const seedError = Math.sqrt(totalOf(seeds))
  const freedom = freedomOf([casePart(paired), ...seeds])
  const drawn = new Float64Array(resamples)
  let far = 0
  for (let r = 0; r < resamples; r++) {
    drawn[r] = resampledMean(paired.differences, source)
    if (seedError > 0) {
      const deviation = drawn[r] - difference + seedError * source.normal()
      drawn[r] = difference + deviation / Math.sqrt(chiSquareDraw(source, freedom) / freedom)
    }
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

/** Linear interpolation between the sorted values (type 7 of Hyndman and Fan, as NumPy does). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}
