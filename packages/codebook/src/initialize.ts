import type { Matrix, Random } from '@sparc/tables'
import { balancedKMeans, type KMeansOptions, kMeans } from './k-means.ts'
import type { Level } from './residual-codes.ts'
import { sampleRows } from './sample.ts'
import { remainder } from './usage.ts'
import { checkEnough } from './vectors.ts'

/**
 * Residual k-means, level by level: the codewords of each level are the centres of what the levels before have left
 * (Chen, Guan and Wang, Sensors 2010; what FAISS' ResidualQuantizer does with `max_beam_size = 1`).
 *
 * @param capacities for each level the most that a code may carry, in fair shares; undefined for no limit
 * @throws InvalidInputError `TOO_FEW_VECTORS`
 */
export function* residualKMeans(
  vectors: Matrix,
  sizes: readonly number[],
  random: Random,
  options: KMeansOptions & { capacities?: readonly (number | undefined)[] } = {},
): Generator<Level, void> {
  const { capacities = [], ...kMeansOptions } = options
  const largest = Math.max(...sizes)
  checkEnough(vectors.rows, largest, 'k-means')
  let left = sampleRows(vectors, largest * (kMeansOptions.samplesPerCode ?? 256), random)
  for (const [l, size] of sizes.entries()) {
    const capacity = capacities[l]
    const centres = kMeans(left, size, random, kMeansOptions)
    const level = capacity === undefined ? { vectors: centres } : balancedKMeans(left, centres, random, capacity)
    yield level
    if (l + 1 < sizes.length) left = remainder(left, level)
  }
}
