import { InvalidInputError, type Matrix } from '@sparc/tables'
import type { Codes } from './vectors.ts'

/** What one level of a codebook looks like over a set of items, each counted once. */
export interface LevelHealth {
  /** Share of the codes that at least one item uses, 0 to 1. */
  usage: number
  /** `exp(entropy)` of the items' distribution over the codes: 1 to the number of codes; .85 of it is healthy. */
  perplexity: number
  /** Share of the items in the largest code, 0 to 1. */
  largest: number
  /** Items per code, `[size]`. */
  counts: Int32Array
}

/** What a codebook looks like over a set of items. */
export interface Health {
  levels: LevelHealth[]
  /** Items that share all their codes with another item, as a share of all items. */
  collisions: number
  /** What `collisions` would be with uniform random codes: `1 - exp(-items / product of the sizes)`. */
  uniformCollisions: number
  /** `sum |x - decoded|^2 / sum |x - mean|^2`: 0 is perfect, 1 as bad as the mean. Absent without vectors. */
  reconstruction?: number
}

/** Items per code of one level. */
export function countCodes(codes: Codes, level: number, size: number): Int32Array {
  const counts = new Int32Array(size)
  for (let i = level; i < codes.data.length; i += codes.levels) counts[codes.data[i]]++
  return counts
}

function levelHealth(counts: Int32Array, items: number): LevelHealth {
  let used = 0
  let entropy = 0
  let largest = 0
  for (const count of counts) {
    if (count === 0) continue
    used++
    largest = Math.max(largest, count / items)
    entropy -= (count / items) * Math.log(count / items)
  }
  return { usage: used / counts.length, perplexity: Math.exp(entropy), largest, counts }
}

/** The share of the rows whose codes another row has too. */
export function collisionRate(codes: Codes): number {
  const rows = codes.data.length / codes.levels
  const seen = new Map<string, number>()
  for (let r = 0; r < rows; r++) {
    const key = codes.data.subarray(r * codes.levels, (r + 1) * codes.levels).join()
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  let shared = 0
  for (const count of seen.values()) if (count > 1) shared += count
  return rows === 0 ? 0 : shared / rows
}

/**
 * Relative squared error: `sum |x - y|^2 / sum |x - mean(x)|^2`.
 *
 * @param vectors `[rows, dim]`
 * @param decoded `[rows, dim]`
 */
export function relativeError(vectors: Matrix, decoded: Matrix): number {
  const { data, rows, dim } = vectors
  const mean = new Float64Array(dim)
  for (let i = 0; i < data.length; i++) mean[i % dim] += data[i] / rows
  let error = 0
  let spread = 0
  for (let i = 0; i < data.length; i++) {
    error += (data[i] - decoded.data[i]) ** 2
    spread += (data[i] - mean[i % dim]) ** 2
  }
  return spread === 0 ? (error === 0 ? 0 : 1) : error / spread
}

/**
 * The health of a codebook over a set of items, each counted once.
 *
 * @param sizes codes per level
 * @param pair vectors and what their codes decode to, for the reconstruction error
 * @throws InvalidInputError `NO_ITEMS`
 */
export function codebookHealth(
  codes: Codes,
  sizes: readonly number[],
  pair?: { vectors: Matrix; decoded: Matrix },
): Health {
  const items = codes.data.length / codes.levels
  if (items === 0) {
    throw new InvalidInputError('NO_ITEMS', {
      what: 'Health was asked for without any item',
      given: '0 rows of codes',
      allowed: 'at least one row',
      next: 'Encode the catalogue and give its codes.',
    })
  }
  const space = sizes.reduce((product, size) => product * size, 1)
  return {
    levels: sizes.map((size, level) => levelHealth(countCodes(codes, level, size), items)),
    collisions: collisionRate(codes),
    uniformCollisions: 1 - Math.exp(-items / space),
    ...(pair ? { reconstruction: relativeError(pair.vectors, pair.decoded) } : {}),
  }
}

/**
 * Drift between two states of a codebook: the share of the items whose code at `level` differs.
 *
 * @param before codes of the same items, in the same order, as `after`
 * @throws InvalidInputError `DIFFERENT_ITEMS`
 */
export function drift(before: Codes, after: Codes, level = 0): number {
  if (before.levels !== after.levels || before.data.length !== after.data.length || level >= before.levels) {
    throw new InvalidInputError('DIFFERENT_ITEMS', {
      what: 'Drift compares the codes of the same items in two states',
      given: `${before.data.length} codes in ${before.levels} levels, then ${after.data.length} in ${after.levels}`,
      allowed: `as many of both, and a level below ${before.levels}`,
      next: 'Encode the same vectors, in the same order, in both states.',
    })
  }
  const rows = before.data.length / before.levels
  let changed = 0
  for (let i = level; i < before.data.length; i += before.levels) if (before.data[i] !== after.data[i]) changed++
  return rows === 0 ? 0 : changed / rows
}
