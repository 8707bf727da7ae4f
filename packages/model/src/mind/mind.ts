import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

export const mindOptions = z.strictObject({
  ...commonOptions,
  ...interestOptions,
  /** Vectors per user at most; a user has `max(1, min(interests, log2 |history|))`. */
  interests: z.int().min(1).max(64).default(4),
  /** Iterations of dynamic routing. */
  iterations: z.int().min(1).max(20).default(3),
  /** Power of the label-aware attention: 0 counts all interests alike, null (infinity) the best one alone. */
  power: z.number().min(0).nullable().default(1),
  /** Width of the hidden layer behind the capsules. */
  hidden: z.int().positive().default(128),
})
export type MindOptions = z.output<typeof mindOptions>

/** What a search over MIND may vary, beside what all learned systems have. */
export const mindSearchSpace = { interests: [2, 4, 8], iterations: [1, 3], power: [1, 2, null] } as const

const system = defineVectorSystem({
  name: 'mind',
  schema: mindOptions,
  network: async (options, random) => (await import('./network.ts')).mindNetwork(options, random),
})

/**
 * MIND (Li et al., CIKM 2019, https://arxiv.org/abs/1904.08030): behaviour-to-interest dynamic routing with one shared bilinear map and
 * random fixed initial logits, the more interests the longer the history, and label-aware attention in training.
 *
 * What differs from the paper: no user profile, a residual layer behind the capsules, vectors normalised with a temperature
 * and dropout, as for every system here; items are ranked by the mixture over the interests, where the paper takes
 * the best of them for each item (`rank: 'nearest'`).
 *
 * @example
 * const model = mind({ interests: 4 })
 */
export const mind = (options?: z.input<typeof mindOptions>) => system.create(options)

/** Loads a saved MIND model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadMind = system.load
