import { f32, parseOptions, type Random, random as seeded } from '@sparc/tables'
import { z } from 'zod'
import { codecOf } from './codec.ts'
import { breathe, checkSignal, fitSchema } from './fit.ts'
import { residualKMeans } from './initialize.ts'
import type { Quantizer } from './quantizer.ts'
import type { Level } from './residual-codes.ts'
import { levelSizes } from './residual-quantizer.ts'
import { saveQuantizer } from './save.ts'
import { checkLevels, checkVectors } from './vectors.ts'

const size = z.int().min(1).max(65536)

export const residualKMeansSchema = z.strictObject({
  levels: z.int().min(1).max(16).optional(),
  size: z.union([size, z.array(size).min(1).max(16)]).default(256),
  dim: z.int().min(1),
  iterations: z.int().min(0).default(25),
  capacity: z.number().min(1).optional(),
  balancedLevels: z.array(z.int().min(0)).default([0]),
})

/** Options of `createResidualKMeans`. */
export interface ResidualKMeansOptions {
  /** Levels, L. Default 3, or as many as there are sizes. */
  levels?: number
  /** Centres per level, S, or one number for each level. Default 256. */
  size?: number | number[]
  /** Dimension of the vectors, d. */
  dim: number
  /** Rounds of Lloyd's algorithm per level. Default 25. */
  iterations?: number
  /** The most vectors that a code of the balanced levels may carry, in fair shares. Default: no limit. */
  capacity?: number
  /** The levels, from 0, that keep to `capacity`. Default the first. */
  balancedLevels?: number[]
  /** Source of samples and seeds. Default: seed 1. */
  random?: Random
}

/**
 * Residual k-means (Chen, Guan and Wang, Sensors 2010): the codes that nothing was learned for, and the bar for those
 * that are. Needs no TensorFlow backend; of the options of `fit`, `signal` and `onEvent` matter. Before `fit` all centres are 0.
 *
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 *
 * @example
 * const quantizer = createResidualKMeans({ levels: 3, size: 64, dim: 32 })
 * await quantizer.fit(vectors)
 */
export function createResidualKMeans(options: ResidualKMeansOptions): Quantizer {
  const { random = seeded(1), ...rest } = options
  const where = 'options of createResidualKMeans'
  const parsed = parseOptions(residualKMeansSchema, rest, where)
  const sizes = levelSizes(parsed.size, parsed.levels, where)
  checkLevels(parsed.balancedLevels, sizes.length, 'The option "balancedLevels"')
  const levels = sizes.map((rows) => ({
    vectors: { data: new Float32Array(rows * parsed.dim), rows, dim: parsed.dim },
    prices: new Float32Array(rows),
  }))
  return fromLevels({ ...parsed, size: sizes, levels: sizes.length }, levels, random)
}

/** A residual k-means quantizer with the levels given, which `fit` replaces. */
export function fromLevels(options: z.output<typeof residualKMeansSchema>, levels: Level[], random: Random): Quantizer {
  const { dim, iterations, capacity, balancedLevels } = options
  const sizes = levels.map((level) => level.vectors.rows)
  let present = levels
  const codec = codecOf(sizes, dim, () => present)
  return {
    kind: 'residual-k-means',
    dim,
    sizes,
    ...codec,
    async fit(vectors, fitOptions = {}) {
      const { signal, onEvent } = parseOptions(fitSchema, fitOptions, 'options of fit')
      const matrix = checkVectors(vectors, dim, 'fit')
      const began = performance.now()
      const seconds = () => (performance.now() - began) / 1000
      const capacities = sizes.map((_, l) => (balancedLevels.includes(l) ? capacity : undefined))
      checkSignal(signal)
      const made: Level[] = []
      for (const level of residualKMeans(matrix, sizes, random, { iterations, capacities })) {
        made.push(level)
        onEvent?.({ type: 'initialized', level: made.length - 1, levels: sizes.length, seconds: seconds() })
        await breathe()
        checkSignal(signal)
      }
      present = made
      const report = { steps: 0, seconds: seconds(), health: codec.health(codec.encode(matrix), matrix) }
      onEvent?.({ type: 'end', report })
      return report
    },
    save: (directory) =>
      saveQuantizer(directory, {
        kind: 'residual-k-means',
        options,
        tensors: Object.fromEntries(
          present.flatMap(({ vectors, prices }, l) => [
            [`codewords.${l}`, f32([sizes[l], dim], vectors.data)],
            [`prices.${l}`, f32([sizes[l]], prices ?? new Float32Array(sizes[l]))],
          ]),
        ),
      }),
    dispose() {
      present = []
    },
  }
}
