import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

export const comirecDrOptions = z.strictObject({
  ...commonOptions,
  ...interestOptions,
  /** Vectors per user. */
  interests: z.int().min(1).max(64).default(4),
  /** Iterations of dynamic routing. */
  iterations: z.int().min(1).max(20).default(3),
})
export type ComirecDrOptions = z.output<typeof comirecDrOptions>

/** What a search over ComiRec-DR may vary, beside what all learned systems have. */
export const comirecDrSearchSpace = { interests: [1, 2, 4, 8], iterations: [2, 3] } as const

const system = defineVectorSystem({
  name: 'comirec-dr',
  schema: comirecDrOptions,
  network: async (options, random) => (await import('./network-dr.ts')).comirecDrNetwork(options, random),
})

/**
 * ComiRec-DR (Cen et al., KDD 2020, https://arxiv.org/abs/2005.09347): several interests per user by dynamic routing, each position of the
 * history with a map of its own for each interest.
 *
 * What differs from the paper: vectors normalised with a temperature and dropout, as for every system here;
 * items are ranked by the mixture over the interests, where the paper takes the best of them for each item (`rank: 'nearest'`).
 *
 * @example
 * const model = comirecDr({ interests: 4 })
 */
export const comirecDr = (options?: z.input<typeof comirecDrOptions>) => system.create(options)

/** Loads a saved ComiRec-DR model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadComirecDr = system.load
