import type { Interests } from '@sparc/tables'
import type { IdMap } from './id-map.ts'
import type { UserResult } from './search.ts'
import type { State } from './state.ts'

/** Why an item was found. */
export interface Explanation {
  item: number
  id: string
  score: number
  /** The code whose shard holds the item. */
  shard: number
  /** The interest that scored it best, counted from 0 within the query, with its code and probability. */
  best: ExplainedInterest
  /** All interests that found it. */
  foundBy: ExplainedInterest[]
}

export interface ExplainedInterest {
  interest: number
  code?: number
  probability?: number
  /** Not one interest but the vector of the whole user, SPARC's general one; its code is merely the nearest. */
  general?: true
}

/** What was found for one query, and how. */
export interface ExplainedQuery {
  user: string
  /** Codes of the shards that were looked into, ascending. */
  probed: number[]
  /** True where the shards of its interests ran dry, so that more were looked into. */
  widened: boolean
  results: Explanation[]
}

export function explainResults(
  state: State,
  ids: IdMap,
  interests: Interests,
  results: readonly UserResult[],
): ExplainedQuery[] {
  return results.map((result, user) => {
    const describe = (interest: number): ExplainedInterest => {
      const at = interests.offsets[user] + interest
      const { codes, probabilities, generalFirst } = interests
      return {
        interest,
        ...(codes && { code: codes[at] }),
        ...(probabilities && { probability: probabilities[at] }),
        ...(generalFirst && interest === 0 && { general: true as const }),
      }
    }
    return {
      user: interests.users[user],
      probed: state.shards
        .filter(({ ordinal }) => result.probed[ordinal] === 1)
        .map(({ code }) => code)
        .sort((a, b) => a - b),
      widened: result.widened,
      results: Array.from(result.items, (item, i) => ({
        item,
        id: ids.id(item) ?? '',
        score: result.scores[i],
        shard: state.shards[result.shards[i]].code,
        best: describe(result.interests?.[i] ?? 0),
        foundBy: (result.foundBy?.[i] ?? [0]).map(describe),
      })),
    }
  })
}
