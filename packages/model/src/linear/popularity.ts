import { parseOptions } from '@sparc/tables'
import { z } from 'zod'
import { fitted } from '../fitted.ts'
import type { Recommender } from '../recommender.ts'
import { type Catalogue, readLog, recommendByScores, report } from './classic.ts'
import { openClassic, saveClassic } from './saved.ts'

const optionsSchema = z.strictObject({})

/**
 * The most popular items for everybody: the score of an item is the number of training users that had it. The bar below
 * which nothing personal has been learned.
 *
 * @example
 * const model = popularity()
 * await model.fit({ items, sequences })
 * const lists = await model.recommend(queries, { k: 50 })
 */
export function popularity(options: z.input<typeof optionsSchema> = {}): Recommender {
  parseOptions(optionsSchema, options, 'options of popularity')
  return recommender(undefined)
}

/** Reads a saved popularity model. @throws InvalidFileError */
export async function loadPopularity(directory: string): Promise<Recommender> {
  return recommender((await openClassic(directory, 'popularity')).catalogue)
}

function recommender(loaded: Catalogue | undefined): Recommender {
  let state = loaded
  return {
    name: 'popularity',
    async fit(data, options = {}) {
      const started = performance.now()
      state = readLog(data, options).catalogue
      return report('popularity', started, options)
    },
    async recommend(queries, options) {
      const catalogue = fitted(state, 'popularity')
      return recommendByScores(queries, options, catalogue, (_, scores) => scores.set(catalogue.popularity))
    },
    async save(directory) {
      await saveClassic(directory, { system: 'popularity', options: {} }, fitted(state, 'popularity'), {})
    },
    dispose() {
      state = undefined
    },
  }
}
