import { row } from '@sparc/tables'
import type { Dataset } from '../dataset.ts'
import { sequencesOf } from '../splits/sequences-of.ts'

/** What a set of interactions looks like from outside: how long, how popular, how dense. */
export interface Marginals {
  users: number
  items: number
  interactions: number
  /** Interactions of a user. */
  length: { mean: number; median: number; p90: number; p99: number }
  /** Interactions of an item that has any. */
  popularity: { median: number; p90: number; p99: number; maximum: number }
  /** Share of the interactions with the most popular tenth of the items. */
  topTenth: number
  /** Interactions / (users x items). */
  density: number
  /** Share of the interactions with an item that the same user has had before. */
  repeats: number
  /** Share of a user's neighbouring interactions at the same time; null where only the order is known. */
  ties: number | null
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

/**
 * The marginals of a data set.
 *
 * @example marginals(makeSyntheticWorld(beautyWorld)).topTenth // 0.43 of the interactions, as in Amazon Beauty
 */
export function marginals(dataset: Pick<Dataset, 'items' | 'interactions' | 'time'>): Marginals {
  const { userIds, items, timestamps } = sequencesOf(dataset)
  const lengths = Float64Array.from(userIds, (_, user) => items.offsets[user + 1] - items.offsets[user]).sort()
  const counts = new Float64Array(dataset.items.numRows)
  for (const item of items.values) counts[item]++
  const used = counts.filter((count) => count > 0).sort()
  let repeats = 0
  let ties = 0
  userIds.forEach((_, user) => {
    const own = row(items, user)
    repeats += own.length - new Set(own).size
    for (let i = items.offsets[user] + 1; timestamps && i < items.offsets[user + 1]; i++) {
      if (timestamps[i] === timestamps[i - 1]) ties++
    }
  })
  const interactions = items.values.length
  const top = used.slice(used.length - Math.round(used.length / 10)).reduce((sum, count) => sum + count, 0)
  return {
    users: userIds.length,
    items: used.length,
    interactions,
    length: {
      mean: interactions / userIds.length,
      median: quantile(lengths, 0.5),
      p90: quantile(lengths, 0.9),
      p99: quantile(lengths, 0.99),
    },
    popularity: {
      median: quantile(used, 0.5),
      p90: quantile(used, 0.9),
      p99: quantile(used, 0.99),
      maximum: used[used.length - 1],
    },
    topTenth: top / interactions,
    density: interactions / (userIds.length * used.length),
    repeats: repeats / interactions,
    ties: timestamps ? ties / (interactions - userIds.length) : null,
  }
}
