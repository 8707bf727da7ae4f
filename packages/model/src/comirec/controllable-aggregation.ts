import {
  checkItemsKey,
  InvalidInputError,
  makeRecommendations,
  parseOptions,
  readItems,
  readRecommendations,
  tieHash,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'

const optionsSchema = z.strictObject({
  /** Length of the new lists. */
  k: z.int().positive(),
  /** What a pair of different categories is worth, in units of score; 0 leaves the order as it is. */
  lambda: z.number().min(0),
  /** List column of the items table; the last entry is an item's category. */
  column: z.string().default('categories'),
})

/** Options of `aggregateControllably`. */
export type AggregationOptions = z.input<typeof optionsSchema>

/**
 * ComiRec's controllable aggregation (arXiv 2005.09347, equations 13 to 15 and algorithm 2): from longer lists the `k` items `S`, chosen
 * one after the other, that make the most of
 *
 * `sum_(i in S) score_i + lambda sum_(i, j in S) [category of i is not that of j]`
 *
 * with each pair counted once. Items without a category differ from all others. Scores and codes stay those of the lists given.
 *
 * @param recommendations lists longer than `k`, so that there is something to choose from
 * @throws InvalidInputError `NO_CATEGORIES` where the items table lacks the column
 *
 * @example
 * const long = await model.recommend(queries, { k: 200 })
 * const varied = aggregateControllably(long, items, { k: 50, lambda: 0.2 })
 */
export function aggregateControllably(recommendations: Table, items: Table, options: AggregationOptions): Table {
  const { k, lambda, column } = parseOptions(optionsSchema, options, 'options of aggregateControllably')
  const catalogue = readItems(items)
  const { users, items: lists, scores, codes, itemsKey } = readRecommendations(recommendations)
  checkItemsKey(catalogue.key, itemsKey, 'the recommendations table')
  const categories = categoryNumbers(catalogue.lists(column), column)
  const offsets = new Int32Array(users.length + 1)
  const picked: number[] = []
  for (let r = 0; r < users.length; r++) {
    const from = lists.offsets[r]
    const own = lists.values.subarray(from, lists.offsets[r + 1])
    for (const n of pickVaried(own, scores.subarray(from), categories, k, lambda)) picked.push(from + n)
    offsets[r + 1] = picked.length
  }
  return makeRecommendations({
    users,
    items: { offsets, values: Int32Array.from(picked, (n) => lists.values[n]) },
    scores: Float32Array.from(picked, (n) => scores[n]),
    codes: codes && Uint16Array.from(picked, (n) => codes[n]),
    itemsKey,
  })
}

/** One number for each category; -1 where an item has none. */
function categoryNumbers(lists: string[][] | undefined, column: string): Int32Array {
  if (!lists) {
    throw new InvalidInputError('NO_CATEGORIES', {
      what: 'The items table has no categories to vary',
      given: `no column "${column}"`,
      allowed: 'a list column of category names',
      next: 'Name the column with the option "column", or add it.',
    })
  }
  const numbers = new Map<string, number>()
  return Int32Array.from(lists, (list) => {
    const name = list.at(-1)
    if (name === undefined) return -1
    const number = numbers.get(name) ?? numbers.size
    numbers.set(name, number)
    return number
  })
}

/** Positions in the list, in the order in which they are chosen. Ties by `tieHash`. */
function pickVaried(
  items: Int32Array,
  scores: Float32Array,
  categories: Int32Array,
  k: number,
  lambda: number,
): number[] {
  const chosen: number[] = []
  const taken = new Uint8Array(items.length)
  const counts = new Map<number, number>()
  while (chosen.length < Math.min(k, items.length)) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (let n = 0; n < items.length; n++) {
      if (taken[n] === 1) continue
      const same = counts.get(categories[items[n]]) ?? 0
      const value = scores[n] + lambda * (chosen.length - same)
      if (value > most || (value === most && tieHash(items[n]) < tieHash(items[best]))) {
        most = value
        best = n
      }
    }
    taken[best] = 1
    chosen.push(best)
    const category = categories[items[best]]
    if (category >= 0) counts.set(category, (counts.get(category) ?? 0) + 1)
  }
  return chosen
}
