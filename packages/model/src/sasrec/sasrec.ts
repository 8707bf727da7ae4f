import { z } from 'zod'
import { commonOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

// It is such a transformer itself.
const { context: _, ...withoutContext } = commonOptions

export const sasrecOptions = z
  .strictObject({
    ...withoutContext,
    temperature: commonOptions.temperature.default(0.14),
    dropout: commonOptions.dropout.default(0.3),
    /** Transformer blocks. */
    blocks: z.int().min(1).max(16).default(2),
    /** Attention heads; must divide `dim`. */
    heads: z.int().min(1).max(64).default(1),
    /** Width of the hidden layer of each block; `dim` where absent, as in the paper. */
    hidden: z.int().positive().optional(),
    /**
     * Standard deviation that learned positions begin with. Items come in `sqrt(dim)` times as long as they are, some 1.4 a dimension: beside that
     * the usual .02 is hard to see.
     */
    positionScale: z.number().positive().default(0.02),
    /**
     * `all`: each position of a history predicts the next one, as in the paper. `last`: only the last one predicts the target, as the other
     * systems do.
     */
    positions: z.enum(['all', 'last']).default('all'),
  })
  .refine(({ dim, heads }) => dim % heads === 0, { path: ['heads'], message: 'must divide dim' })
export type SasrecOptions = z.output<typeof sasrecOptions>

/** What a search over SASRec may vary, beside what all learned systems have. */
export const sasrecSearchSpace = { blocks: [1, 2, 3], heads: [1, 2, 4], dropout: [0.2, 0.3, 0.5] } as const

const system = defineVectorSystem({
  name: 'sasrec',
  schema: sasrecOptions,
  network: async (options, random) => (await import('./network.ts')).sasrecNetwork(options, random),
})

/**
 * SASRec (Kang and McAuley, ICDM 2018, https://arxiv.org/abs/1808.09781): a causal transformer over the history; what stands at its last position is
 * the user's one vector. Trained with cross-entropy over many negatives, as its later replications do
 * (Petrov and Macdonald, RecSys 2023; Klenitskiy and Vasilev, RecSys 2023), instead of one negative.
 *
 * What differs from the paper besides: vectors normalised with a temperature, as for every system here.
 *
 * @example
 * const model = sasrec({ blocks: 2, dropout: 0.3 })
 */
export const sasrec = (options?: z.input<typeof sasrecOptions>) => system.create(options)

/** Loads a saved SASRec model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadSasrec = system.load
