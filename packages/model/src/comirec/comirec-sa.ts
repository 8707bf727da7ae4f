import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

export const comirecSaOptions = z.strictObject({
  ...commonOptions,
  ...interestOptions,
  /** Vectors per user. One makes it a plain attention-pooled two-tower. */
  interests: z.int().min(1).max(64).default(4),
  /** Width of the attention's hidden layer; 4 dim where absent. */
  hidden: z.int().positive().optional(),
})
export type ComirecSaOptions = z.output<typeof comirecSaOptions>

/** What a search over ComiRec-SA may vary, beside what all learned systems have. */
export const comirecSaSearchSpace = { interests: [2, 4, 8] } as const

const system = defineVectorSystem({
  name: 'comirec-sa',
  schema: comirecSaOptions,
  network: async (options, random) => (await import('./network-sa.ts')).comirecSaNetwork(options, random),
})

/**
 * ComiRec-SA (Cen et al., KDD 2020, https://arxiv.org/abs/2005.09347): several self-attentive vectors per user. With `interests: 1` it is
 * one attention-pooled vector.
 *
 * What differs from the paper: normalised vectors with a temperature and dropout, as for every system here;
 * items are ranked by the mixture over the interests, where the paper takes the best of them for each item (`rank: 'nearest'`).
 *
 * @example
 * const model = comirecSa({ interests: 4 })
 */
export const comirecSa = (options?: z.input<typeof comirecSaOptions>) => system.create(options)

/** Loads a saved ComiRec-SA model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadComirecSa = system.load
