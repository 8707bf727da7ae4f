import {
  type Csr,
  checkItemsKey,
  type Interests,
  type Matrix,
  makeRecommendations,
  readQueries,
  row,
  toMask,
  topK,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkK } from './linear/classic.ts'
import { itemScorer, type Multiply } from './matrix-product.ts'
import type { RecommendOptions } from './recommender.ts'

/** How the scores of one user's interests, `s_c(v) = scale u_c . v + bias_c`, become one score. */
export type Merge =
  /** `max_c s_c(v)`: an item belongs to the interest that likes it best. */
  | 'max'
  /** `log sum_c exp s_c(v)`: with `bias_c = log p(c)` and normalised vectors, the mixture over interests. */
  | 'mixture'

/** One block of users to rank the catalogue for. */
export interface ExactQuery {
  /** `[interests, dim]`, the vectors of all users */
  vectors: Matrix
  /** `[users + 1]`: user `r` has the vectors `offsets[r] .. offsets[r + 1])`; a user without any gets an empty list. */
  offsets: Int32Array
  /** Multiplies each product. Default 1. */
  scale?: number
  /** `[interests]`, added to each interest's scores. Default 0. */
  bias?: Float32Array
  merge?: Merge
  k: number
  /** `[items]`, 0 = never recommended */
  mask?: Uint8Array
  /** Per user, items never recommended to them. */
  seen?: Csr
}

/** The `k` best items of each user, best first, ties by `tieHash`. */
export interface ExactLists {
  items: Csr
  /** Parallel to `items.values`. */
  scores: Float32Array
  /** Parallel to `items.values`: the interest (counted from 0 for each user) that scored the item best. */
  interests: Uint16Array
}

/** Scores held at once: 32 MB. */
const BLOCK_SCORES = 8 * 1024 * 1024

/**
 * Exact search: every item is scored for every user. Blocks of users are multiplied with the items at once, by
 * TensorFlow where it is loaded; the best are then picked from plain typed arrays.
 *
 * @param items how many items `multiply` knows
 * @param multiply `[rows, dim]` vectors to `[rows, items]` products, see `itemScorer`
 *
 * @example
 * const scorer = await itemScorer(itemVectors)
 * const lists = exactTopK({ vectors, offsets, k: 50 }, itemVectors.rows, scorer.multiply)
 * scorer.dispose()
 */
export function exactTopK(query: ExactQuery, items: number, multiply: Multiply): ExactLists {
  const { vectors, offsets, seen, mask, scale = 1, bias, merge = 'max' } = query
  const users = offsets.length - 1
  const k = Math.min(query.k, items)
  const listOffsets = new Int32Array(users + 1)
  const values = new Int32Array(users * k)
  const scores = new Float32Array(users * k)
  const interests = new Uint16Array(users * k)
  const merged = new Float32Array(items)
  const rowsAtOnce = Math.max(1, Math.floor(BLOCK_SCORES / Math.max(1, items)))
  for (let from = 0; from < users; ) {
    let to = from + 1
    while (to < users && offsets[to + 1] - offsets[from] <= rowsAtOnce) to++
    const first = offsets[from]
    const rows = offsets[to] - first
    const block = multiply(vectors.data.subarray(first * vectors.dim, (first + rows) * vectors.dim), rows, vectors.dim)
    for (let r = from; r < to; r++) {
      listOffsets[r + 1] = listOffsets[r]
      const count = offsets[r + 1] - offsets[r]
      if (count === 0) continue
      const own = block.subarray((offsets[r] - first) * items, (offsets[r + 1] - first) * items)
      const shift = bias?.subarray(offsets[r], offsets[r + 1])
      const allowed = { mask, skip: seen && row(seen, r) }
      const plain = count === 1 && scale === 1 && !shift
      if (!plain) maxOverInterests(own, count, scale, shift, merged)
      if (!plain && merge === 'mixture' && count > 1) {
        const least = topK(merged, k, allowed).scores
        const threshold = least.length < k ? Number.NEGATIVE_INFINITY : least[k - 1]
        mixtureOverInterests(own, count, scale, shift, merged, threshold)
      }
      const best = topK(plain ? own : merged, k, allowed)
      values.set(best.items, listOffsets[r])
      scores.set(best.scores, listOffsets[r])
      if (count > 1) {
        for (let n = 0; n < best.items.length; n++) {
          interests[listOffsets[r] + n] = bestInterest(own, count, scale, shift, items, best.items[n])
        }
      }
      listOffsets[r + 1] += best.items.length
    }
    from = to
  }
  const length = listOffsets[users]
  return {
    items: { offsets: listOffsets, values: values.slice(0, length) },
    scores: scores.slice(0, length),
    interests: interests.slice(0, length),
  }
}

/** `out[v] = max_c (scale scores[c, v] + bias[c])` */
function maxOverInterests(
  scores: Float32Array,
  count: number,
  scale: number,
  bias: Float32Array | undefined,
  out: Float32Array,
): void {
  const items = out.length
  for (let c = 0; c < count; c++) {
    const shift = bias ? bias[c] : 0
    const start = c * items
    if (c === 0) for (let i = 0; i < items; i++) out[i] = scale * scores[i] + shift
    else {
      for (let i = 0; i < items; i++) {
        const score = scale * scores[start + i] + shift
        if (score > out[i]) out[i] = score
      }
    }
  }
}

/**
 * `out[v] = log sum_c exp (scale scores[c, v] + bias[c])`, given the maximum over `c` in `out`. The sum of `count` terms is
 * at most `count` times the largest, so an item whose maximum lies more than `log count` below the k-th best maximum can't
 * reach the list; it is dropped without a single `exp`.
 */
function mixtureOverInterests(
  scores: Float32Array,
  count: number,
  scale: number,
  bias: Float32Array | undefined,
  out: Float32Array,
  threshold: number,
): void {
  const items = out.length
  const least = threshold - Math.log(count) - 1e-4
  for (let i = 0; i < items; i++) {
    const max = out[i]
    if (max < least) {
      out[i] = Number.NEGATIVE_INFINITY
      continue
    }
    let sum = 0
    for (let c = 0; c < count; c++) sum += Math.exp(scale * scores[c * items + i] + (bias ? bias[c] : 0) - max)
    out[i] = max + Math.log(sum)
  }
}

function bestInterest(
  scores: Float32Array,
  count: number,
  scale: number,
  bias: Float32Array | undefined,
  items: number,
  item: number,
): number {
  let best = 0
  let most = Number.NEGATIVE_INFINITY
  for (let c = 0; c < count; c++) {
    const score = scale * scores[c * items + item] + (bias ? bias[c] : 0)
    if (score > most) {
      most = score
      best = c
    }
  }
  return best
}

/**
 * The recommendations table of a vector system: every item scored for every query, `scale` taken from `interests.score`.
 * With probabilities in `interests` and `merge: 'mixture'`, each interest's scores are shifted by `log p(c)`. With codes, each
 * recommendation carries the code of the interest that scored it best.
 *
 * @param interests one row for each row of `queries`
 * @throws InvalidInputError where `queries` speak of other items
 */
export async function recommendByVectors(
  queries: Table,
  interests: Interests,
  items: Matrix,
  options: RecommendOptions & { merge?: Merge },
): Promise<Table> {
  const { users, seen, itemsKey } = readQueries(queries)
  checkItemsKey(interests.itemsKey, itemsKey, 'the queries table')
  const { codes, probabilities, offsets, vectors, score } = interests
  const scorer = await itemScorer(items)
  try {
    const query = {
      vectors,
      offsets,
      scale: score.scale,
      bias: options.merge === 'mixture' ? probabilities?.map((p) => Math.log(Math.max(p, 1e-30))) : undefined,
      merge: options.merge,
      k: checkK(options.k),
      mask: options.among === undefined ? undefined : toMask(options.among, items.rows),
      seen: options.excludeSeen === false ? undefined : seen,
    }
    const found = exactTopK(query, items.rows, scorer.multiply)
    return makeRecommendations({
      users,
      items: found.items,
      scores: found.scores,
      codes: codes && codesOf(found, offsets, codes),
      itemsKey: interests.itemsKey,
    })
  } finally {
    scorer.dispose()
  }
}

function codesOf(found: ExactLists, offsets: Int32Array, codes: Uint16Array): Uint16Array {
  const result = new Uint16Array(found.interests.length)
  for (let r = 0; r < offsets.length - 1; r++) {
    for (let n = found.items.offsets[r]; n < found.items.offsets[r + 1]; n++) {
      result[n] = codes[offsets[r] + found.interests[n]]
    }
  }
  return result
}
