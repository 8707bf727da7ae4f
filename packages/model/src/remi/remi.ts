import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

// It has a name of its own for this.
const { hardness: _, ...withoutHardness } = commonOptions

export const remiOptions = z.strictObject({
  ...withoutHardness,
  ...interestOptions,
  /** Weighting negatives by their hardness is defined for the softmax alone. */
  loss: z.literal('softmax').default('softmax'),
  /** Vectors per user. */
  interests: z.int().min(1).max(64).default(4),
  /** Width of the attention's hidden layer; 4 dim where absent. */
  hidden: z.int().positive().optional(),
  /** How much hard negatives outweigh easy ones; 0 weighs all alike. */
  beta: z.number().min(0).default(0.3),
  /** Weight of the routing regulariser. */
  lambda: z.number().min(0).default(10),
})
export type RemiOptions = z.output<typeof remiOptions>

/** What a search over REMI may vary, beside what all learned systems have. */
export const remiSearchSpace = {
  interests: [2, 4],
  beta: [0.1, 0.3, 1, 3],
  lambda: [0, 1, 10, 100],
  loss: ['softmax'],
} as const

const system = defineVectorSystem({
  name: 'remi',
  schema: remiOptions,
  network: async (options, random) => (await import('./network.ts')).remiNetwork(options, random),
})

/**
 * REMI (Xie et al., RecSys 2023, https://arxiv.org/abs/2302.14532): ComiRec-SA whose negatives are weighted by how hard they are for the interest
 * that is trained, and whose attention is kept from collapsing onto single items.
 *
 * What differs from the paper: vectors normalised with a temperature and dropout, as for every system here; logits are divided by
 * the temperature, so a useful `beta` is smaller; items are ranked by the mixture over the interests, where the paper takes
 * the best of them for each item (`rank: 'nearest'`).
 *
 * @example
 * const model = remi({ interests: 4, beta: 1 })
 */
export const remi = (options?: z.input<typeof remiOptions>) => system.create(options)

/** Loads a saved REMI model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadRemi = system.load
