import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineCodedSystem } from '../vector-system.ts'

/** Options of the interest dictionary. */
const dictionaryOptions = z.strictObject({
  /** Codes that make one interest. */
  levels: z.int().min(1).max(8).default(2),
  /** Codewords per level. */
  size: z.int().min(2).max(65536).default(64),
  /** Codes used less than this share of their fair one are reset every `reviveEvery` steps. */
  reviveBelow: z.number().min(0).max(1).default(0.1),
  reviveEvery: z.int().positive().default(100),
})

/** Weights of the losses; 0 leaves one out. */
const weightOptions = z.strictObject({
  /** Sampled softmax of the interest's vector (MIRM). */
  retrieval: z.number().min(0).default(1),
  /** Sampled softmax of the general vector alone. */
  general: z.number().min(0).default(0.5),
  /** The dictionary's quantization loss (IDMM). */
  quantizer: z.number().min(0).default(1),
  /** Cross-entropy of the generated interest to the target's, level by level (MIPDM). */
  generation: z.number().min(0).default(1),
})

export const gemirecOptions = z.strictObject({
  ...commonOptions,
  ...interestOptions,
  dictionary: dictionaryOptions.prefault({}),
  weights: weightOptions.prefault({}),
  /** Interests per user in training: the width of the beam. */
  interests: z.int().min(1).max(64).default(4),
  /** Interests per user in serving, where nothing else is asked for. */
  explored: z.int().min(1).max(64).default(8),
  /**
   * Where a user's interests come from: `generated`, the likeliest that the generator writes down, shown in the history or not; or
   * `history`, those that most of its items carry.
   */
  source: z.enum(['generated', 'history']).default('generated'),
  /** Which interest a training example's vector is made for: the `target`'s own, or the best of those it would be served with. */
  training: z.enum(['target', 'generated']).default('generated'),
  /** Steps in which the general vector learns alone, before the dictionary begins with residual k-means; at most half of the run. */
  warmUpSteps: z.int().min(0).default(200),
  /** Width of the generator's state and of the attention's hidden layer. */
  hidden: z.int().positive().default(128),
})
export type GemirecOptions = z.output<typeof gemirecOptions>

/** What a search over GemiRec may vary, beside what all learned systems have. */
export const gemirecSearchSpace = {
  interests: [2, 4, 8],
  training: ['target', 'generated'],
  dictionary: [
    { levels: 2, size: 32 },
    { levels: 2, size: 64 },
    { levels: 3, size: 64 },
  ],
} as const

const system = defineCodedSystem({
  name: 'gemirec',
  schema: gemirecOptions,
  network: async (options, random) => (await import('./network.ts')).gemirecNetwork(options, random),
})

/**
 * GemiRec (https://arxiv.org/abs/2510.14626): interests are entries of a dictionary that a residual quantizer keeps over the item vectors, without
 * ever moving them (IDMM); a generative model writes down a user's next interests code by code, by beam search (MIPDM); each
 * gets a user vector of its own (MIRM).
 *
 * What differs from the paper, whose code is not public: items are quantized as they are, without an autoencoder; interest
 * vectors are added to one general vector; items are ranked by the mixture over more interests than are trained; vectors normalised with a temperature and dropout, as for every system here.
 *
 * @example
 * const model = gemirec({ interests: 4, dictionary: { levels: 2, size: 64 } })
 */
export const gemirec = (options?: z.input<typeof gemirecOptions>) => system.create(options)

/** Loads a saved GemiRec model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadGemirec = system.load
