import { InvalidInputError } from '@sparc/tables'
import { z } from 'zod'
import { negativeOptions } from './training/negatives.ts'

/** Option `context`: the history goes through a causal transformer before each system's own encoder (`createHistoryReader`). */
const contextOptions = z.strictObject({
  blocks: z.int().min(1).max(16).default(1),
  /** Dropout inside of the transformer. */
  dropout: z.number().min(0).max(0.95).default(0.2),
})

/** What all learned systems have in common, so that a comparison compares the systems and nothing else. */
export const commonOptions = {
  /** Length of an item vector. */
  dim: z.int().min(2).max(4096).default(128),
  /** Items of the history that are looked at, the most recent ones. */
  history: z.int().min(1).max(1000).default(20),
  /** Items of history that a training example has at least; the last item of a shorter sequence is an example all the same. */
  minHistory: z.int().min(1).max(1000).default(2),
  /** Scores are cosines over this; with `normalize` off they are dot products over it. */
  temperature: z.number().positive().default(0.1),
  normalize: z.boolean().default(true),
  /**
   * What is made of the scores of target and negatives: sampled softmax, the same with hard negatives weighing more (`hardNegativeSoftmax`), binary
   * cross-entropy, or BPR; `contrastive` leaves the negatives aside, and holds each user against the targets of the batch (`contrastive`).
   */
  loss: z.enum(['softmax', 'hard-softmax', 'contrastive', 'bce', 'bpr']).default('softmax'),
  /** With `loss: 'hard-softmax'`: how much hard negatives outweigh easy ones, REMI's beta; .3 where absent. */
  hardness: z.number().min(0).optional(),
  /** A transformer over the history, off where absent. Each item then knows what came before it. */
  context: contextOptions.optional(),
  /** Share of the entries of history vectors that are zeroed in training. */
  dropout: z.number().min(0).max(0.95).default(0.5),
  /** Standard deviation of new item vectors. */
  initialScale: z.number().positive().default(0.1),
  /** How item vectors begin: drawn, or from the spectrum of the training co-occurrence (`spectralVectors`). */
  initial: z.enum(['normal', 'spectral']).default('spectral'),
  /** Item vectors from category path, brand and title words besides the id, as far as the items table has them. */
  features: z.boolean().default(false),
  /** With `features`: share of the items whose id a training step leaves out, so that features learn to stand alone (`createIdDropout`). */
  idDropout: z.number().min(0).max(0.9).optional(),
  batch: z.int().min(1).default(512),
  steps: z.int().positive().default(1500),
  learningRate: z.number().positive().default(1e-3),
  finalLearningRate: z.number().positive().default(1e-4),
  warmUp: z.int().min(0).default(0),
  /** Share of the run after which the learning rate falls. */
  decayFrom: z.number().min(0).max(1).default(0.5),
  /** Largest norm of the gradient of all parameters together. */
  clip: z.number().positive().optional(),
  negatives: negativeOptions.prefault({}),
}

/** What systems with several vectors per user have in common. */
export const interestOptions = {
  /**
   * How items are ranked: by the `mixture` over a user's interests, `log sum_c p_c exp(score(u_c, v))` (all alike where a system
   * gives them no probabilities), or by the one `nearest` to the item, as the papers on several interests do.
   */
  rank: z.enum(['mixture', 'nearest']).default('mixture'),
}

const common = z.strictObject(commonOptions)
/** Parsed options that every learned system has. */
export type CommonOptions = z.output<typeof common>

/** @throws InvalidInputError `INVALID_OPTION` for an option that would change nothing, as another one is not what it needs */
export function checkMeaning(system: string, { hardness, loss, idDropout, features }: CommonOptions): void {
  const idle = [
    { option: 'hardness', given: hardness, idle: loss !== 'hard-softmax', needs: "loss: 'hard-softmax'" },
    { option: 'idDropout', given: idDropout, idle: !features, needs: 'features: true' },
  ].find((each) => each.given !== undefined && each.idle)
  if (idle === undefined) return
  throw new InvalidInputError('INVALID_OPTION', {
    what: `Option "${idle.option}" of ${system} would change nothing`,
    given: { [idle.option]: idle.given },
    allowed: `together with ${idle.needs}`,
    next: `Add ${idle.needs}, or leave "${idle.option}" out.`,
  })
}
