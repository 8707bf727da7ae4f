import { mean, pairedEffect, pairScores, type SeedScores, type TestResult, variance } from './paired-scores.ts'
import { studentP, studentQuantile } from './student.ts'

/** The t test's own numbers beside the common ones. */
export interface TTestResult extends TestResult {
  t: number
  /** Degrees of freedom. */
  freedom: number
}

/**
 * Paired t test over cases.
 *
 * With several seeds, seeds are a random factor crossed with cases: a difference must be larger than what another seed
 * would change. The variance of the difference is that of the per-case means over their number, and for each system the
 * seeds' own component, `max(0, var(seed means) - residual / cases) / seeds`, on top (two-way random effects; Brennan,
 * Generalizability Theory, 2001); degrees of freedom by Satterthwaite (Biometrics 1946). A system with one seed is taken to
 * be deterministic, so give at least two of one that is not.
 *
 * ```ts
 * pairedT(Float64Array.of(0.4, 0.6, 0.5), Float64Array.of(0.1, 0.5, 0.4)).p
 * ```
 * @throws InvalidInputError CASES_DIFFER, TOO_FEW_CASES
 */
export function pairedT(
  a: Float64Array | SeedScores,
  b: Float64Array | SeedScores,
  { confidence = 0.95 }: { confidence?: number } = {},
): TTestResult {
  const paired = pairScores(a, b)
  const { differences } = paired
  const count = differences.length
  const parts = [{ variance: variance(differences) / count, freedom: count - 1 }]
  for (const seeds of [paired.a, paired.b]) {
    const component = seedVariance(seeds)
    if (component > 0) parts.push({ variance: component, freedom: seeds.length - 1 })
  }
  const total = parts.reduce((sum, part) => sum + part.variance, 0)
  const freedom = total === 0 ? count - 1 : total ** 2 / parts.reduce((sum, p) => sum + p.variance ** 2 / p.freedom, 0)
  const difference = mean(differences)
  const error = Math.sqrt(total)
  const t = difference === 0 ? 0 : difference / error
  const half = studentQuantile(confidence, freedom) * error
  return {
    difference,
    low: difference - half,
    high: difference + half,
    p: studentP(t, freedom),
    effect: pairedEffect(differences),
    count,
    t,
    freedom,
  }
}

/** What the choice of seeds adds to the variance of a system's mean, 0 for a single seed. */
function seedVariance(seeds: SeedScores): number {
  if (seeds.length < 2) return 0
  const cases = seeds[0].length
  const seedMeans = seeds.map(mean)
  const grand = mean(seedMeans)
  let residual = 0
  for (let row = 0; row < cases; row++) {
    const caseMean = mean(seeds.map((scores) => scores[row]))
    for (let s = 0; s < seeds.length; s++) residual += (seeds[s][row] - caseMean - seedMeans[s] + grand) ** 2
  }
  const residualMean = residual / ((seeds.length - 1) * (cases - 1))
  return Math.max(0, variance(seedMeans) - residualMean / cases) / seeds.length
}
