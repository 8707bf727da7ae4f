import { InvalidInputError, readRecommendations, row } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { SyntheticWorld } from './synthetic-world.ts'

/** How well lists serve what users will be interested in; all values lie between 0 and 1. */
export interface InterestRecovery {
  /** Mean over users: the share of the future's interests, by weight, of which the list holds at least one item. */
  recall: number
  /** The same, over the interests that a user's log does not hold yet; null where no user has such an interest. */
  freshRecall: number | null
  /**
   * Mean over the users who have such an interest: the share of the list's items that are of one of them. A list of anything and
   * everything covers each interest with some item, which recall can't tell from knowing it; this can.
   */
  freshPrecision: number | null
  /** Mean over users: the share of the list's items that are of one of the user's future interests. */
  precision: number
  users: number
  /** Users who have an interest ahead that their log does not hold. */
  freshUsers: number
}

/** Per user, the interests of a ground-truth table with their shares. */
function sharesByUser(table: Table): Map<string, Map<number, number>> {
  const found = new Map<string, Map<number, number>>()
  const users = table.getChild('user')
  const interests = table.getChild('interest')
  const shares = table.getChild('share')
  for (let r = 0; r < table.numRows; r++) {
    const user = String(users?.get(r))
    let own = found.get(user)
    if (!own) {
      own = new Map()
      found.set(user, own)
    }
    own.set(Number(interests?.get(r)), Number(shares?.get(r)))
  }
  return found
}

/**
 * Measures what no real log can tell: whether recommendations cover the interests that users are going to have, among
 * them those that nothing in their log shows yet.
 *
 * @param recommendations rows of users of the world; items as rows of its items table, best first
 * @throws InvalidInputError `UNKNOWN_USER`, `NO_RECOMMENDATIONS`
 *
 * @example interestRecovery(await model.recommend(queriesOf(test), { k: 50 }), world, 50).freshPrecision
 */
export function interestRecovery(recommendations: Table, world: SyntheticWorld, k: number): InterestRecovery {
  const { users, items } = readRecommendations(recommendations)
  const interestOf = Int32Array.from(world.truth.items.getChild('interest') ?? [], Number)
  const past = sharesByUser(world.truth.userInterests)
  const ahead = sharesByUser(world.truth.futureInterests)
  if (users.length === 0) {
    throw new InvalidInputError('NO_RECOMMENDATIONS', {
      what: 'The table has no rows',
      next: 'Give one list per user.',
    })
  }
  const sums = { recall: 0, fresh: 0, precision: 0, freshPrecision: 0 }
  let freshUsers = 0
  users.forEach((user, r) => {
    const future = ahead.get(user)
    if (!future) {
      throw new InvalidInputError('UNKNOWN_USER', {
        what: 'A user of the recommendations does not live in this world',
        given: user,
        next: 'Use the queries that were split from this world.',
      })
    }
    const list = row(items, r).subarray(0, k)
    const served = new Set(Array.from(list, (item) => interestOf[item]))
    const news = new Set<number>()
    let fresh = 0
    let freshServed = 0
    for (const [interest, share] of future) {
      const isServed = served.has(interest) ? share : 0
      sums.recall += isServed
      if ((past.get(user)?.get(interest) ?? 0) > 0) continue
      news.add(interest)
      fresh += share
      freshServed += isServed
    }
    if (fresh > 0) {
      freshUsers++
      sums.fresh += freshServed / fresh
    }
    const share = (wanted: { has(interest: number): boolean }) =>
      list.length === 0 ? 0 : list.filter((item) => wanted.has(interestOf[item])).length / list.length
    sums.precision += share(future)
    sums.freshPrecision += share(news)
  })
  return {
    recall: sums.recall / users.length,
    freshRecall: freshUsers > 0 ? sums.fresh / freshUsers : null,
    freshPrecision: freshUsers > 0 ? sums.freshPrecision / freshUsers : null,
    precision: sums.precision / users.length,
    users: users.length,
    freshUsers,
  }
}
