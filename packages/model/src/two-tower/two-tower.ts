import { z } from 'zod'
import { commonOptions } from '../options.ts'
import { defineVectorSystem } from '../vector-system.ts'

export const twoTowerOptions = z.strictObject({
  ...commonOptions,
  /** Width of the hidden layer of the user tower. */
  hidden: z.int().positive().default(128),
})
export type TwoTowerOptions = z.output<typeof twoTowerOptions>

/** What a search over the two-tower may vary, beside what all learned systems have. */
export const twoTowerSearchSpace = { hidden: [64, 128, 256] } as const

const system = defineVectorSystem({
  name: 'two-tower',
  schema: twoTowerOptions,
  network: async (options, random) => (await import('./network.ts')).twoTowerNetwork(options, random),
})

/**
 * Two-tower, also known as YouTube DNN: the mean of the history through a residual layer is the user's one vector
 * (Covington et al., RecSys 2016, section 3, https://doi.org/10.1145/2959100.2959190). The bar that papers on several interests forget.
 *
 * @example
 * const model = twoTower({ dim: 128, dropout: 0.4 })
 * await model.fit({ items, sequences, validation })
 * const lists = await model.recommend(queries, { k: 50 })
 */
export const twoTower = (options?: z.input<typeof twoTowerOptions>) => system.create(options)

/** Loads a saved two-tower model. @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws */
export const loadTwoTower = system.load
