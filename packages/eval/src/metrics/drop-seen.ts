import { makeRecommendations, readQueries, readRecommendations } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { rowMatcher } from './match-rows.ts'

/**
 * The recommendations without what each user has seen already (`seen` of the queries or cases, `history` where absent), in
 * the same order. Lists get shorter: ask for K + the longest history first.
 *
 * ```ts
 * const filtered = dropSeen(recommendations, cases)
 * ```
 */
export function dropSeen(
  recommendations: Table,
  queries: Table,
  { match = 'auto' }: { match?: 'auto' | 'rows' | 'users' } = {},
): Table {
  const { users, items, scores, codes, itemsKey } = readRecommendations(recommendations)
  const { users: askers, seen } = readQueries(queries)
  const rows = rowMatcher(askers, match).match(users)
  const offsets = new Int32Array(users.length + 1)
  const kept = new Int32Array(items.values.length)
  let length = 0
  for (let row = 0; row < users.length; row++) {
    const query = rows[row]
    const known = new Set(query < 0 ? [] : seen.values.subarray(seen.offsets[query], seen.offsets[query + 1]))
    for (let at = items.offsets[row]; at < items.offsets[row + 1]; at++)
      if (!known.has(items.values[at])) kept[length++] = at
    offsets[row + 1] = length
  }
  const places = kept.subarray(0, length)
  return makeRecommendations({
    users,
    items: { offsets, values: Int32Array.from(places, (at) => items.values[at]) },
    scores: Float32Array.from(places, (at) => scores[at]),
    codes: codes && Uint16Array.from(places, (at) => codes[at]),
    itemsKey,
  })
}
