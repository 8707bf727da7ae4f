import type { Csr } from '@sparc/tables'
import { InvalidInputError } from '@sparc/tables'
import type { Catalogue } from './catalogue.ts'

/** One case as a metric sees it. The object is reused from case to case: copy what must outlive the call. */
export interface RankedCase {
  /** Row of the case. */
  row: number
  /** Recommended items, best first; only the first `length` count. -1 stands for an item outside of the catalogue. */
  items: Int32Array
  /** How many items the list has, at most the largest K. */
  length: number
  /** Zero-based ranks of the hits, ascending; only the first `hitCount` count. */
  hits: Int32Array
  hitCount: number
  /** Distinct targets; only the first `targetCount` count. One outside of the catalogue is at least its size. */
  targets: Int32Array
  targetCount: number
}

/** What a metric may look at besides the case itself. */
export interface MetricContext {
  catalogue: Catalogue
  history: Csr
}

/** Writes one value per K, ascending, to `out[at..]`; NaN where the metric is not defined for this case. */
export type CaseScorer = (ranked: RankedCase, out: Float64Array, at: number) => void

/** Sees every case that has a list, then says one value per K; NaN where there is nothing to say. */
export interface OverallScorer {
  add(ranked: RankedCase): void
  finish(): number[]
}

/**
 * What all K of one metric share. A family scores each case (`perCase`: its mean and interval are reported) or all of
 * them together (`overall`: one number without an interval).
 */
export interface MetricFamily {
  readonly name: string
  /** Whether a larger value is better; 'neither' for what describes and does not judge. */
  readonly better: 'higher' | 'lower' | 'neither'
  /** 'targets': compares the list with the targets. 'list': looks at the list alone, so slices of targets skip it. */
  readonly looksAt: 'targets' | 'list'
  readonly needsTrain?: boolean
  readonly perCase?: (ks: number[], context: MetricContext) => CaseScorer
  readonly overall?: (ks: number[], context: MetricContext) => OverallScorer
}

/** A metric at one K: `recall(50)` is named `recall@50`. */
export interface Metric {
  readonly name: string
  readonly k: number
  readonly family: MetricFamily
}

/**
 * A metric of your own: the family says how it is computed, `k` how deep it looks.
 *
 * ```ts
 * const firstHit = metricAt({ name: 'first-hit', better: 'higher', looksAt: 'targets',
 *   perCase: (ks) => (ranked, out, at) => ks.forEach((_, j) => { out[at + j] = ranked.hits[0] === 0 && ranked.hitCount ? 1 : 0 }) }, 10)
 * ```
 * @throws InvalidInputError INVALID_K when k is not a whole number of at least 1.
 */
export function metricAt(family: MetricFamily, k: number): Metric {
  if (!Number.isInteger(k) || k < 1) {
    throw new InvalidInputError('INVALID_K', {
      what: `${family.name} got an unusable K`,
      given: k,
      allowed: 'a whole number of at least 1',
      next: `Write ${family.name}(50), for example`,
    })
  }
  return { name: `${family.name}@${k}`, k, family }
}
