import { f32, i32, parseOptions } from '@sparc/tables'
import { z } from 'zod'
import { fitted } from '../fitted.ts'
import type { Recommender } from '../recommender.ts'
import { type Catalogue, readLog, recommendByScores, report } from './classic.ts'
import { addNeighbourScores, type Neighbours, nearestItems } from './neighbours.ts'
import { openClassic, saveClassic } from './saved.ts'

const optionsSchema = z.strictObject({
  /** How a user-item pair is weighted: `cosine`, `tfidf` (heavy users count less) or `bm25`. */
  weighting: z.enum(['cosine', 'tfidf', 'bm25']).default('cosine'),
  /** Neighbours kept per item, the item itself among them. */
  neighbours: z.int().positive().default(500),
  /** Added to the denominator of a similarity: larger trusts pairs with few common users less. */
  shrinkage: z.number().nonnegative().default(100),
  /** BM25: how soon more users of an item stop counting. */
  k1: z.number().nonnegative().default(1.2),
  /** BM25: how much popular items are discounted, 0 to 1. */
  b: z.number().min(0).max(1).default(0.75),
})

/** Options of item-kNN; what is left out is the measured default. */
export type ItemKnnOptions = z.input<typeof optionsSchema>

/** What a search over item-kNN may vary. */
export const itemKnnSearchSpace = {
  weighting: ['cosine', 'tfidf', 'bm25'],
  neighbours: [100, 200, 500, 1000, 2000],
  shrinkage: [0, 10, 30, 100, 300],
} as const

type Options = z.output<typeof optionsSchema>

interface State {
  neighbours: Neighbours
  catalogue: Catalogue
}

/**
 * Item-kNN: an item's score is the sum of its similarities to the items of the history,
 * `s(v) = sum_h sim(h, v)` over `h` with `v` among the `neighbours` nearest of `h` (itself included, so that an unfiltered
 * list begins with the history). Similarities are dot products of the items' weighted columns of users: see
 * {@link itemWeights}. Sarwar et al., "Item-based collaborative filtering recommendation algorithms" (WWW 2001,
 * https://doi.org/10.1145/371920.372071); weights
 * and self-inclusion as in the library `implicit`.
 *
 * Only items with a score above zero are recommended: a short history may give a list shorter than `k`.
 *
 * @example
 * const model = itemKnn({ neighbours: 200 })
 * await model.fit({ items, sequences })
 * const lists = await model.recommend(queries, { k: 50 })
 */
export function itemKnn(options: ItemKnnOptions = {}): Recommender {
  return recommender(parseOptions(optionsSchema, options, 'options of item-knn'), undefined)
}

/** Reads a saved item-kNN model. @throws InvalidFileError */
export async function loadItemKnn(directory: string): Promise<Recommender> {
  const { data, options, catalogue } = await openClassic(directory, 'item-knn')
  const neighbours = {
    offsets: data('offsets', Int32Array),
    values: data('values', Int32Array),
    similarities: data('similarities', Float32Array),
  }
  return recommender(parseOptions(optionsSchema, options, 'the saved item-knn'), { neighbours, catalogue })
}

function recommender(options: Options, loaded: State | undefined): Recommender {
  let state = loaded
  return {
    name: 'item-knn',
    options,
    async fit(data, fitOptions = {}) {
      const started = performance.now()
      const { users, items, catalogue } = readLog(data, fitOptions)
      state = { neighbours: await nearestItems(users, items, options, fitOptions.signal), catalogue }
      return report('item-knn', started, fitOptions)
    },
    async recommend(queries, recommendOptions) {
      const { neighbours, catalogue } = fitted(state, 'item-knn')
      const score = (history: Int32Array, scores: Float32Array) => addNeighbourScores(neighbours, history, scores)
      return recommendByScores(queries, recommendOptions, catalogue, score, 0)
    },
    async save(directory) {
      const { neighbours, catalogue } = fitted(state, 'item-knn')
      const { offsets, values, similarities } = neighbours
      await saveClassic(directory, { system: 'item-knn', options }, catalogue, {
        offsets: i32([offsets.length], offsets),
        values: i32([values.length], values),
        similarities: f32([similarities.length], similarities),
      })
    },
    dispose() {
      state = undefined
    },
  }
}
