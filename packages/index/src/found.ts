import { type Interests, InvalidInputError, type ItemFilter, readQueries, row } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { isTable } from './options.ts'
import type { UserResult } from './search.ts'
import type { State } from './state.ts'

/** What a search did. */
export interface SearchStats {
  /** The state of the index that answered: rises with every write. */
  epoch: number
  /** Length of the lists: `k`, or the size of the index where that is less. */
  k: number
  /** True where `k` was larger than the index. */
  clamped: boolean
  /** Rows that were looked at, as a share of the index: mean over the queries. */
  scanned: number
  /** Queries that ran dry where they were to look, so that they looked further. */
  widened: number
  /** Interests without a code, or with one that has no shard: routed by their vector alone, where each is routed. */
  unrouted: number
}

/** Lists of items in plain arrays. */
export interface Found {
  /** `[queries + 1]` */
  offsets: Int32Array
  items: Int32Array
  scores: Float32Array
  /** Parallel to `items`: the level-1 code of the interest that scored it best; absent where interests have no codes. */
  codes?: Uint16Array
  stats: SearchStats
}

/** Puts the results of all users into flat arrays. */
export function flatten(state: State, interests: Interests, k: number, results: readonly UserResult[]): Found {
  const offsets = new Int32Array(results.length + 1)
  for (let u = 0; u < results.length; u++) offsets[u + 1] = offsets[u] + results[u].items.length
  const total = offsets[results.length]
  const found: Found = {
    offsets,
    items: new Int32Array(total),
    scores: new Float32Array(total),
    codes: interests.codes && new Uint16Array(total),
    stats: summary(state, k, results),
  }
  for (let u = 0; u < results.length; u++) {
    const { items, scores, interests: best } = results[u]
    found.items.set(items, offsets[u])
    found.scores.set(scores, offsets[u])
    if (!found.codes || !interests.codes) continue
    for (let i = 0; i < items.length; i++) {
      found.codes[offsets[u] + i] = interests.codes[interests.offsets[u] + (best?.[i] ?? 0)]
    }
  }
  return found
}

function summary(state: State, k: number, results: readonly UserResult[]): SearchStats {
  let scanned = 0
  let widened = 0
  let unrouted = 0
  for (const result of results) {
    scanned += result.scanned / Math.max(1, state.size)
    if (result.widened) widened++
    unrouted += result.unrouted
  }
  return {
    epoch: state.epoch,
    k: Math.min(k, state.size),
    clamped: k > state.size,
    scanned: results.length > 0 ? scanned / results.length : 0,
    widened,
    unrouted,
  }
}

/** Per query, the sorted items that must not be found. */
export function exclusions(
  exclude: Table | ArrayLike<number>[] | undefined,
  rows: number,
): (user: number) => Int32Array | undefined {
  if (exclude === undefined) return () => undefined
  const lists = isTable(exclude) ? seenItems(exclude) : exclude
  if (lists.length !== rows) {
    throw new InvalidInputError('LENGTH_MISMATCH', {
      what: 'The rows to exclude do not line up with the interests',
      given: lists.length,
      allowed: String(rows),
      next: 'Give the queries that the interests were made from, in the same order.',
    })
  }
  return (user) => Int32Array.from(lists[user]).sort()
}

function seenItems(queries: Table): Int32Array[] {
  const { users, seen } = readQueries(queries)
  return users.map((_, r) => row(seen, r))
}

/** A filter on a column of the items table: items whose value passes. Each item is looked at once, when it comes up. */
export function whereColumn(items: Table, column: string, passes: (value: unknown) => boolean): ItemFilter {
  const values = items.getChild(column)
  if (!values) {
    throw new InvalidInputError('NO_SUCH_COLUMN', {
      what: 'The items table has no such column',
      given: column,
      allowed: items.schema.fields.map(({ name }) => name).join(', '),
      next: 'Name one of its columns.',
    })
  }
  const known = new Uint8Array(items.numRows)
  return (item) => {
    if (item >= known.length) return false
    if (known[item] === 0) {
      const value: unknown = values.get(item)
      const plain = typeof value === 'object' && value !== null && Symbol.iterator in value ? listOf(value) : value
      known[item] = passes(plain) ? 1 : 2
    }
    return known[item] === 1
  }
}

function listOf(value: object): unknown {
  return Symbol.iterator in value ? Array.from(value as Iterable<unknown>) : value
}

/**
 * What the search that made a recommendations table did.
 *
 * @example searchStats(await index.search(interests)).scanned // 0.04
 */
export function searchStats(recommendations: Table): SearchStats {
  const text = recommendations.schema.metadata.get('sparc.search')
  if (text !== undefined) return JSON.parse(text)
  throw new InvalidInputError('NO_SEARCH', {
    what: 'The table does not say what its search did',
    given: [...recommendations.schema.metadata.keys()],
    allowed: 'a table made by search of an index',
    next: 'Ask the index for it.',
  })
}
