import { z } from 'zod'
import { commonOptions, interestOptions } from '../options.ts'
import { defineCodedSystem } from '../vector-system.ts'

/** Options of the interest codebook. */
const codebookOptions = z.strictObject({
  levels: z.int().min(1).max(16).default(3),
  /**
   * Codewords learn together with the rest. false freezes them where residual k-means put them: what joint training is worth
   * shows against that.
   */
  joint: z.boolean().default(true),
  /** Codewords per level. One makes the control: the same network without interests. */
  size: z.int().min(1).max(65536).default(64),
  /**
   * The most items that a level-1 code may hold, as a multiple of its fair share: balanced codes make shards of one size, and
   * keep items that nobody used from gathering in one code. Found on a sample of 128 items a code, so a code may hold some more of all. The
   * perplexity is then about `size / capacity` at least. null leaves codes as they fall.
   */
  capacity: z.number().min(1).nullable().default(1.25),
  /**
   * How the gradient of a quantized item reaches the item (`itemItem`, `userItem`): as it is, or rotated and scaled as the item is to
   * its codewords (rotation trick, Fifty et al., arXiv 2410.06424).
   */
  gradient: z.enum(['straight-through', 'rotation']).default('straight-through'),
  /** Weight of the commitment part of the quantizer's loss. */
  commitment: z.number().min(0).default(0.25),
  /** Codes used less than this share of their fair one are reset, and codes are balanced, every `reviveEvery` steps. */
  reviveBelow: z.number().min(0).max(1).default(0.1),
  reviveEvery: z.int().positive().default(100),
})

/** Weights of the losses; 0 leaves one out. */
const weightOptions = z.strictObject({
  /** The recommendation loss of the interests' vectors. */
  recommendation: z.number().min(0).default(1),
  /** Sampled softmax of the general vector alone. */
  general: z.number().min(0).default(0.5),
  /** The residual quantizer's own loss. */
  quantizer: z.number().min(0).default(1),
  /** Cross-entropy of the interest probabilities to the target's level-1 code. */
  interest: z.number().min(0).default(1),
  /** Shuffle BPR: the target must score better under its own user than under another one of the batch. The paper's readers say 10. */
  shuffle: z.number().min(0).default(0),
  /** Contrastive loss of user vector and quantized target. */
  userItem: z.number().min(0).default(0),
  /** Contrastive loss of target and quantized target. */
  itemItem: z.number().min(0).default(0),
})

const sparcObject = z.strictObject({
  ...commonOptions,
  ...interestOptions,
  temperature: commonOptions.temperature.default(0.14),
  dropout: commonOptions.dropout.default(0.4),
  codebook: codebookOptions.prefault({}),
  weights: weightOptions.prefault({}),
  /**
   * Levels of codes that tell interests apart: 1, or more for paths of codes (`createInterestCodes`), `size ** interestLevels` interests in all;
   * shards stay those of level 1.
   */
  interestLevels: z.int().min(1).max(4).optional(),
  /** Whether the probability tower sees the share of each level-1 code among the history besides. */
  codeHistogram: z.boolean().optional(),
  /** Interests per user in training: the likeliest codes. */
  interests: z.int().min(1).max(64).default(4),
  /** Interests per user in serving, where nothing else is asked for: the likeliest codes, which a search explores. */
  explored: z.int().min(1).max(64).default(8),
  /**
   * Share of the general vector in what is served: it stands in front of the explored interests, whose probabilities have the rest.
   * 0 leaves it out.
   */
  generalShare: z.number().min(0).lt(1).default(0.5),
  /** Steps in which the general vector learns alone, before the codebook begins with residual k-means; at most half of the run. */
  warmUpSteps: z.int().min(0).default(200),
  /**
   * What the general vector `g` is: `attention`, the self-attentive pool of the history (ComiRec-SA with one query), or
   * `mean`, its mean through a residual layer (the two-tower's user side).
   */
  general: z.enum(['attention', 'mean']).default('mean'),
  /** What an interest's vector is: what it attends to added onto the general vector, or (as the paper is read) that alone. */
  user: z.enum(['residual', 'attention']).default('residual'),
  /**
   * What is trained: the mixture over the likeliest codes; of their vectors the one `nearest` to the target, as in ComiRec, which keeps
   * a user's interests apart; or (as the paper is read) the vector of the `target`'s own code.
   */
  train: z.enum(['mixture', 'nearest', 'target']).default('nearest'),
  /**
   * With `train: 'nearest'`: whether the general vector is one of those that may be nearest. Where it is, no interest learns from the
   * target, so that interests learn what it lacks.
   */
  generalCompetes: z.boolean().default(false),
  /** With `train: 'target'`: asked for with the target's `e1`, with its `zq`, or with each for half of the batch. */
  query: z.enum(['e1', 'zq', 'half']).default('half'),
  /** Whether the recommendation loss of a mixture reaches the probabilities, or their own loss alone does. */
  mixing: z.enum(['stopped', 'trained']).default('stopped'),
  /** Codes that a user may be served with: `soft`, all of them; `hard`, those that the history has. */
  search: z.enum(['soft', 'hard']).default('soft'),
  /**
   * Serves `p^(1/t)`, normalised, in the place of the interest probabilities `p`: above 1 they are less sure of themselves. A tower that has
   * seen its training users many times is surer than it should be of others (Guo et al., ICML 2017, temperature scaling).
   */
  probabilityTemperature: z.number().positive().default(2),
  /** Width of the hidden layers of attention and probability tower. */
  hidden: z.int().positive().default(128),
  /** What the interest's part in a user vector begins with. */
  gamma: z.number().default(1),
  /** Sharpness of the attention of a codeword over the history. */
  sharpness: z.number().positive().default(12),
})
/** Most interests that paths of codes may make: each is an output of the probability tower. */
const MOST_INTERESTS = 65_536

export const sparcOptions = sparcObject
  .refine(({ train, loss }) => train !== 'mixture' || loss === 'softmax', {
    path: ['loss'],
    message: "must be softmax with train 'mixture', which is a softmax of its own",
  })
  .refine(
    ({ interestLevels = 1, codebook: { levels, size } }) =>
      interestLevels <= levels && size ** interestLevels <= MOST_INTERESTS,
    {
      path: ['interestLevels'],
      message: `must be at most codebook.levels, and codebook.size ** interestLevels at most ${MOST_INTERESTS}`,
    },
  )
export type SparcOptions = z.output<typeof sparcOptions>

/** What a search over SPARC may vary, beside what all learned systems have. */
export const sparcSearchSpace = {
  interests: [2, 4, 8],
  gamma: [0.3, 1],
  general: ['attention', 'mean'],
  codebook: [{ size: 32 }, { size: 64 }, { size: 128 }],
} as const

const system = defineCodedSystem({
  name: 'sparc',
  schema: sparcOptions,
  network: async (options, random) => (await import('./network.ts')).sparcNetwork(options, random),
})

/**
 * SPARC (https://arxiv.org/abs/2508.09090): interests are codewords of a residual quantizer that is trained jointly with the recommender; a
 * tower of its own predicts which interests a user will have next, seen in the history or not. Here in the residual-mixture
 * form: each likely interest adds what it attends to onto one general vector, and items are scored by the mixture
 * `log sum_c p(c | user) exp(score(u_c, v))`.
 *
 * @example
 * const model = sparc({ codebook: { size: 64 }, interests: 4 })
 */
export const sparc = (options?: z.input<typeof sparcOptions>) => system.create(options)

/** Loads a saved SPARC model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadSparc = system.load
