import { parseOptions, type Random, random as seeded } from '@sparc/tables'
import { z } from 'zod'
import type { BalanceOptions } from './balance.ts'
import type { TrainableQuantizer } from './quantizer.ts'
import { residualSchema } from './residual-quantizer.ts'
import { createTrainable } from './trainable.ts'

export const vectorSchema = residualSchema
  .omit({ levels: true, size: true })
  .extend({
    size: z.int().min(1).max(65536).default(256),
    metric: z.enum(['euclidean', 'cosine']).default('euclidean'),
  })
  .strict()

/** Options of `createVectorQuantizer`. */
export interface VectorQuantizerOptions {
  /** Codewords, S. Default 256. */
  size?: number
  /** Dimension of the vectors, d. */
  dim: number
  /** What is near. With `cosine`, vectors and codewords are made length 1 and decoding gives such. Default `euclidean`. */
  metric?: 'euclidean' | 'cosine'
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

/** A quantizer of one level. */
export type VectorQuantizer = TrainableQuantizer

/**
 * A vector quantizer (VQ; van den Oord et al., NeurIPS 2017): one code per vector, that of the nearest codeword.
 *
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 *
 * @example
 * const quantizer = createVectorQuantizer({ size: 64, dim: 32, metric: 'cosine', gradient: 'rotation' })
 * await quantizer.fit(vectors)
 * const codes = quantizer.encode(vectors)
 */
export function createVectorQuantizer(options: VectorQuantizerOptions): VectorQuantizer {
  const { random = seeded(1), ...rest } = options
  const { size, ...parsed } = parseOptions(vectorSchema, rest, 'options of createVectorQuantizer')
  return createTrainable({ ...parsed, sizes: [size], kind: 'vector' }, random)
}
