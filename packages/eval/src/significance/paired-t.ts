import { casePart, freedomOf, seedParts, totalOf } from './error-parts.ts'
import { mean, pairedEffect, pairScores, type SeedOptions, type SeedScores, type TestResult } from './paired-scores.ts'
import { studentP, studentQuantile } from './student.ts'

/** How sure the interval is to be (.95 by default), and how seeds belong together. */
export interface TTestOptions extends SeedOptions {
  confidence?: number
}

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
 * seeds' own component on top; degrees of freedom by Satterthwaite (Biometrics 1946). A system with one seed is taken to be
 * deterministic, so give at least two of one that is not.
 *
 * ```ts
 * pairedT(Float64Array.of(0.4, 0.6, 0.5), Float64Array.of(0.1, 0.5, 0.4)).p
 * ```
 * @throws InvalidInputError CASES_DIFFER, SEEDS_DIFFER, TOO_FEW_CASES
 */
export function pairedT(
  a: Float64Array | SeedScores,
  b: Float64Array | SeedScores,
  { confidence = 0.95, pairedSeeds }: TTestOptions = {},
): TTestResult {
  const paired = pairScores(a, b, { pairedSeeds })
  const { differences } = paired
  const count = differences.length
  const parts = [casePart(paired), ...seedParts(paired)]
  const freedom = freedomOf(parts)
  const difference = mean(differences)
  const error = Math.sqrt(totalOf(parts))
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
