import { addFeatureRows } from '../add-feature-rows.ts'
import type { ItemFeatures } from '../item-features.ts'

/** Rounds of backfitting: the fit changes little after these. */
const ROUNDS = 8
/** Weight of evidence that pulls a feature row halfway from zero. */
const RIDGE = 0.5

/**
 * Feature rows that explain given item vectors as well as sums of features can: ridge regression of the vectors of items that somebody used
 * on their features, by backfitting (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 9.1.1) with all rows moved at
 * once, `f += (sum_i w_if r_i) / (sum_i w_if + ridge) / kinds`, `r_i` what is not explained yet. The cost of a round is a pass over the features.
 *
 * @param vectors `[items, dim]`; becomes what the features leave unexplained, and zero where nobody used an item
 * @param used interactions per item in training, `[items]`
 * @returns `[size, dim]`
 */
export function featureRows(
  features: ItemFeatures,
  vectors: Float32Array,
  used: ArrayLike<number>,
  dim: number,
): Float32Array {
  const { size, bags, weights } = features
  const { offsets, values } = bags
  const items = offsets.length - 1
  const rows = new Float32Array(size * dim)
  const evidence = new Float64Array(size).fill(RIDGE)
  let kinds = 1
  for (let item = 0; item < items; item++) {
    if (used[item] === 0) {
      vectors.fill(0, item * dim, (item + 1) * dim)
      continue
    }
    let sum = 0
    for (let f = offsets[item]; f < offsets[item + 1]; f++) {
      evidence[values[f]] += weights[f]
      sum += weights[f]
    }
    kinds = Math.max(kinds, sum)
  }
  const moves = new Float32Array(size * dim)
  for (let round = 0; round < ROUNDS; round++) {
    moves.fill(0)
    for (let item = 0; item < items; item++) {
      for (let f = offsets[item]; f < offsets[item + 1]; f++) {
        const at = values[f] * dim
        const from = item * dim
        for (let d = 0; d < dim; d++) moves[at + d] += weights[f] * vectors[from + d]
      }
    }
    for (let row = 0; row < size; row++) {
      const share = 1 / (evidence[row] * kinds)
      for (let at = row * dim; at < (row + 1) * dim; at++) {
        moves[at] *= share
        rows[at] += moves[at]
      }
    }
    for (let item = 0; item < items; item++) {
      if (used[item] === 0) continue
      addFeatureRows(features, item, moves, dim, vectors, item * dim, -1)
    }
  }
  return rows
}
