import { f32, parseOptions } from '@sparc/tables'
import { z } from 'zod'
import type { Recommender } from '../recommender.ts'
import { fitted, readLog, recommendByScores, report } from './classic.ts'
import { openClassic, saveClassic } from './saved.ts'

const optionsSchema = z.strictObject({})

interface State {
  /** `[items]` training users per item. */
  counts: Float32Array
  itemsKey: string
}

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
  const { data, itemsKey } = await openClassic(directory, 'popularity')
  return recommender({ counts: data('counts', Float32Array), itemsKey })
}

function recommender(loaded: State | undefined): Recommender {
  let state = loaded
  return {
    name: 'popularity',
    async fit(data, options = {}) {
      const started = performance.now()
      const { users, items, itemsKey } = readLog(data, options)
      const counts = new Float32Array(items)
      for (const item of users.values) counts[item]++
      state = { counts, itemsKey }
      return report('popularity', started, options)
    },
    async recommend(queries, options) {
      const { counts, itemsKey } = fitted(state, 'popularity')
      return recommendByScores(queries, options, { items: counts.length, itemsKey }, (_, scores) => scores.set(counts))
    },
    async save(directory) {
      const { counts, itemsKey } = fitted(state, 'popularity')
      const meta = { system: 'popularity', options: {}, items: counts.length, itemsKey }
      await saveClassic(directory, meta, { counts: f32([counts.length], counts) })
    },
    dispose() {
      state = undefined
    },
  }
}
