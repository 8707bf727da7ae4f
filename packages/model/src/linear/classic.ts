import {
  type Csr,
  checkItemsKey,
  checkRange,
  InvalidInputError,
  makeRecommendations,
  readItems,
  readQueries,
  readSequences,
  row,
  toMask,
  topK,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkFitOptions, checkRecommendOptions } from '../fit-options.ts'
import type { FitData, FitOptions, FitReport, RecommendOptions } from '../recommender.ts'
import { distinct } from './sparse.ts'

/** What all classic systems know of their catalogue. */
export interface Catalogue {
  ids: string[]
  itemsKey: string
  /** Users of each item, `[items]`: what those without a history get. */
  popularity: Float32Array
}

/** Training data as the classic systems read it: a binary user-item matrix. */
export interface BinaryLog {
  /** Row per training user, each item once. */
  users: Csr
  items: number
  catalogue: Catalogue
}

/**
 * Reads what `fit` was called with.
 *
 * @throws InvalidInputError where items and sequences do not belong together or are empty, and for unknown options
 */
export function readLog(data: FitData, options: FitOptions): BinaryLog {
  checkFitOptions(data, options)
  const items = readItems(data.items)
  const sequences = readSequences(data.sequences)
  checkItemsKey(items.key, sequences.itemsKey, 'the sequences table')
  checkRange(sequences.items.values, items.length, 'The items of the sequences table')
  if (sequences.items.values.length === 0) {
    throw new InvalidInputError('TOO_LITTLE_DATA', {
      what: 'There is nothing to learn from',
      given: `${sequences.users.length} sequences without any item`,
      allowed: 'at least one sequence with an item',
      next: 'Check the split and the filters that the sequences come from.',
    })
  }
  const users = distinct(sequences.items, items.length)
  const popularity = new Float32Array(items.length)
  for (const item of users.values) popularity[item]++
  return { users, items: items.length, catalogue: { ids: items.ids, itemsKey: items.key, popularity } }
}

/** The report of a system that is computed in one go; announces the run's end as an event. */
export function report(system: string, started: number, options: FitOptions): FitReport {
  const seconds = (performance.now() - started) / 1000
  const result: FitReport = { system, steps: 0, seconds, stopped: 'done', skipped: 0 }
  options.onEvent?.({ type: 'end', report: result })
  return result
}

/**
 * Fills a recommendations table from a function that scores the whole catalogue for one query.
 *
 * `score` is handed the query's history, each item once as in {@link BinaryLog}, and an array `[items]` of zeros to add to. Items
 * whose score is not above `floor` are never recommended, so a list can be shorter than `k`. Who has no history gets the items of
 * most users.
 */
export function recommendByScores(
  queries: Table,
  options: RecommendOptions,
  { itemsKey, popularity }: Pick<Catalogue, 'itemsKey' | 'popularity'>,
  score: (history: Int32Array, scores: Float32Array, row: number) => void,
  floor = Number.NEGATIVE_INFINITY,
): Table {
  checkRecommendOptions(options)
  const { users, history, seen, itemsKey: queriesKey } = readQueries(queries)
  checkItemsKey(itemsKey, queriesKey, 'the queries table')
  const catalogue = popularity.length
  checkRange(history.values, catalogue, 'The history of the queries table')
  const k = Math.min(options.k, catalogue)
  const mask = options.among === undefined ? undefined : toMask(options.among, catalogue)
  const once = distinct(history, catalogue)
  const scores = new Float32Array(catalogue)
  const offsets = new Int32Array(users.length + 1)
  const items = new Int32Array(users.length * k)
  const found = new Float32Array(users.length * k)
  for (let r = 0; r < users.length; r++) {
    const own = row(once, r)
    if (own.length === 0) scores.set(popularity)
    else {
      scores.fill(0)
      score(own, scores, r)
      if (floor > Number.NEGATIVE_INFINITY) {
        for (let i = 0; i < scores.length; i++) if (!(scores[i] > floor)) scores[i] = Number.NEGATIVE_INFINITY
      }
    }
    const best = topK(scores, k, { mask, skip: options.excludeSeen === false ? undefined : row(seen, r) })
    items.set(best.items, offsets[r])
    found.set(best.scores, offsets[r])
    offsets[r + 1] = offsets[r] + best.items.length
  }
  const length = offsets[users.length]
  return makeRecommendations({
    users,
    items: { offsets, values: items.slice(0, length) },
    scores: found.slice(0, length),
    itemsKey,
  })
}
