import type { InterestMerge } from '@sparc/tables'
import { splitBudget } from './budget.ts'
import { rankOrder } from './rank.ts'

/**
 * How the candidates of a user's interests become one list.
 * `mixture`: every candidate is scored under all interests, `log sum_c p_c exp(scale u_c . v)`.
 * `max`: each keeps the best `log p_c + scale u_c . v` of the interests that found it.
 * `nearest`: every candidate is scored under all interests, `max_c scale u_c . v`, however likely they are.
 * `budget`: each interest fills its share of the list, in proportion to its probability.
 */
export type Merge = InterestMerge | 'budget'

/** What one interest found: best first, each item once. */
export interface FoundByInterest {
  items: ArrayLike<number>
  /** `log p + scale u . v`, parallel to `items`. */
  scores: ArrayLike<number>
}

/** One item of a merged list. */
export interface Ranked {
  item: number
  score: number
  /** Number, within the user, of the interest that scored it best. */
  interest: number
  /** Numbers of the interests that found it. */
  foundBy: number[]
}

/** `log sum exp`, without overflow. -Infinity where there is nothing. */
export function logSumExp(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i]
  if (most === Number.NEGATIVE_INFINITY) return most
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - most)
  return most + Math.log(sum)
}

/**
 * Merges what a user's interests found into the `k` best.
 *
 * @param weights probability of each interest
 * @param options.budget candidates looked at in all, split over the interests by `splitBudget`; all where absent
 * @param options.rescore the scores `log p_c + scale u_c . v` of an item under every interest, for `mixture` and `nearest`
 */
export function mergeInterests(
  found: readonly FoundByInterest[],
  weights: ArrayLike<number>,
  options: { k: number; merge: Merge; budget?: number; seed: number; rescore: (item: number) => ArrayLike<number> },
): Ranked[] {
  const { k, merge, seed, rescore } = options
  const budget = merge === 'budget' ? (options.budget ?? k) : options.budget
  const shares = budget === undefined ? found.map(({ items }) => items.length) : splitBudget(budget, weights)
  const union = new Map<number, Ranked>()
  const add = (interest: number, at: number) => {
    const item = found[interest].items[at]
    const score = found[interest].scores[at]
    const known = union.get(item)
    if (known === undefined) {
      union.set(item, { item, score, interest, foundBy: [interest] })
      return true
    }
    known.foundBy.push(interest)
    if (score > known.score) {
      known.score = score
      known.interest = interest
    }
    return false
  }
  for (let i = 0; i < found.length; i++) {
    const until = Math.min(shares[i], found[i].items.length)
    for (let at = 0; at < until; at++) add(i, at)
  }
  if (union.size < k) fill(found, shares, k - union.size, add)
  const entries = [...union.values()]
  if (merge === 'mixture' || merge === 'nearest') {
    for (const entry of entries) {
      const scores = rescore(entry.item)
      let best = 0
      for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i
      entry.interest = best
      entry.score = merge === 'nearest' ? scores[best] : logSumExp(scores)
    }
  }
  const items = Int32Array.from(entries, ({ item }) => item)
  const scores = Float32Array.from(entries, ({ score }) => score)
  return Array.from(rankOrder(items, scores, entries.length, seed).subarray(0, k), (i) => entries[i])
}

/** Shares that ran short, because of duplicates or dry shards, are made up by the best of what is left. */
function fill(
  found: readonly FoundByInterest[],
  shares: readonly number[],
  missing: number,
  add: (interest: number, at: number) => boolean,
): void {
  const next = shares.map((share, i) => Math.min(share, found[i].items.length))
  for (let left = missing; left > 0; ) {
    let best = -1
    for (let i = 0; i < found.length; i++) {
      if (next[i] >= found[i].items.length) continue
      if (best < 0 || found[i].scores[next[i]] > found[best].scores[next[best]]) best = i
    }
    if (best < 0) return
    if (add(best, next[best]++)) left--
  }
}
