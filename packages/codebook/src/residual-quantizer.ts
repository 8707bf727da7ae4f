import { InvalidInputError, parseOptions, type Random, random as seeded } from '@sparc/tables'
import { z } from 'zod'
import { type BalanceOptions, balanceSchema } from './balance.ts'
import type { TrainableQuantizer } from './quantizer.ts'
import { createTrainable } from './trainable.ts'

const size = z.int().min(1).max(65536)

export const residualSchema = z.strictObject({
  levels: z.int().min(1).max(16).optional(),
  size: z.union([size, z.array(size).min(1).max(16)]).default(256),
  dim: z.int().min(1),
  gradient: z.enum(['straight-through', 'rotation']).default('straight-through'),
  update: z.enum(['gradient', 'average']).default('gradient'),
  decay: z.number().min(0).max(1).default(0.99),
  usageDecay: z.number().min(0).max(1).default(0.99),
  commitment: z.number().min(0).default(0.25),
  balance: balanceSchema.optional(),
})

/** Options of `createResidualQuantizer`. */
export interface ResidualQuantizerOptions {
  /** Levels, L. Default 3, or as many as there are sizes. */
  levels?: number
  /** Codewords per level, S, or one number for each level. Default 256. */
  size?: number | number[]
  /** Dimension of the vectors, d. */
  dim: number
  /** How the gradient of `sum` passes the quantizer. Default `straight-through`. */
  gradient?: 'straight-through' | 'rotation'
  /** Codewords trained by gradient (default), or kept as moving averages of their vectors, which gives them none. */
  update?: 'gradient' | 'average'
  /** What is left of the moving averages at each step. Default .99. */
  decay?: number
  /** What is left of the observed usage at each step. Default .99. */
  usageDecay?: number
  /** Weight of the commitment part in `losses.total`. Default .25. */
  commitment?: number
  /** How codes are kept in balance. Default: not at all. */
  balance?: BalanceOptions
  /** Source of the first codewords, of k-means seeds and of revivals. Default: seed 1. */
  random?: Random
}

/** A residual quantizer whose codewords are variables. */
export type ResidualQuantizer = TrainableQuantizer

/** One number for each level. @throws InvalidInputError `INVALID_OPTION` */
export function levelSizes(given: number | number[], levels: number | undefined, where: string): number[] {
  if (!Array.isArray(given)) return Array.from({ length: levels ?? 3 }, () => given)
  if (levels === undefined || levels === given.length) return given
  throw new InvalidInputError('INVALID_OPTION', {
    what: `The option "size" of ${where} does not have one number per level`,
    given: `${given.length} sizes for ${levels} levels`,
    allowed: 'one number, or as many as levels',
    next: 'Give as many sizes as levels, or leave out "levels".',
  })
}

/**
 * A residual quantizer (RQ; Lee et al., CVPR 2022, section 3.1): `r^0 = z`, `c^l = argmin_c |r^(l-1) - C^l_c|^2`,
 * `e^l = C^l[c^l]`, `r^l = r^(l-1) - e^l`. It can be fitted alone, or trained inside of somebody else's training step.
 *
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 *
 * @example
 * const quantizer = createResidualQuantizer({ levels: 3, size: 64, dim: 32, random: random(1) })
 * quantizer.initialize(vectors)
 * const { value, grads } = tf.variableGrads(() => quantizer.quantize(encoder(x)).losses.total)
 */
export function createResidualQuantizer(options: ResidualQuantizerOptions): ResidualQuantizer {
  const { random = seeded(1), ...rest } = options
  const where = 'options of createResidualQuantizer'
  const { levels, size: sizes, ...parsed } = parseOptions(residualSchema, rest, where)
  const all = { ...parsed, sizes: levelSizes(sizes, levels, where), metric: 'euclidean', kind: 'residual' } as const
  return createTrainable(all, random)
}
