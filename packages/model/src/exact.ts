import {
  type Csr,
  checkItemsKey,
  type InterestMerge,
  type Interests,
  type Matrix,
  makeRecommendations,
  readQueries,
  row,
  toMask,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkVectorRecommendOptions } from './fit-options.ts'
import { type ItemScorer, itemScorer, type Merge } from './item-scorer.ts'
import { createPicker } from './pick-best.ts'
import { popularWhereEmpty } from './popular-where-empty.ts'
import type { VectorRecommendOptions } from './recommender.ts'

/** Users to rank the catalogue for. */
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

/**
 * How an interests table is merged, as `ExactQuery` says it. One that says nothing is a mixture where it has probabilities, else the best
 * interest counts.
 */
export function mergeBy(
  by: InterestMerge | undefined,
  probabilities: Float32Array | undefined,
): Pick<ExactQuery, 'merge' | 'bias'> {
  const merge = (by ?? (probabilities ? 'mixture' : 'max')) === 'mixture' ? 'mixture' : 'max'
  const bias = by === 'nearest' ? undefined : probabilities?.map((p) => Math.log(Math.max(p, 1e-30)))
  return { merge, bias }
}

/** Scores made at once, 16 MB: they stay in memory that was used before, larger blocks get fresh pages each time. */
const BLOCK_SCORES = 4 * 1024 * 1024

/**
 * Exact search: every item is scored for every user, in blocks of users with equally many interests; the best are then
 * picked from plain typed arrays.
 *
 * @example
 * const scorer = await itemScorer(itemVectors)
 * const lists = exactTopK({ vectors, offsets, k: 50 }, scorer)
 * scorer.dispose()
 */
export function exactTopK(query: ExactQuery, scorer: ItemScorer): ExactLists {
  const { vectors, offsets, seen, mask, scale = 1, bias, merge = 'max' } = query
  const items = scorer.items.rows
  const users = offsets.length - 1
  const k = Math.min(query.k, items)
  const lists = {
    offsets: new Int32Array(users + 1),
    items: new Int32Array(users * k),
    scores: new Float32Array(users * k),
  }
  const rowsAtOnce = Math.max(1, Math.floor(BLOCK_SCORES / Math.max(1, items)))
  const pick = createPicker(items, k, mask)
  for (let from = 0; from < users; ) {
    const count = offsets[from + 1] - offsets[from]
    let to = from + 1
    while (to < users && offsets[to + 1] - offsets[to] === count && (to + 1 - from) * count <= rowsAtOnce) to++
    if (count === 0) lists.offsets.fill(lists.offsets[from], from + 1, to + 1)
    else {
      const [first, last] = [offsets[from], offsets[to]]
      const block = scorer.score({
        vectors: vectors.data.subarray(first * vectors.dim, last * vectors.dim),
        users: to - from,
        interests: count,
        scale,
        bias: bias?.subarray(first, last),
        merge,
      })
      const start = from
      pick(block, to - from, seen && ((r) => row(seen, start + r)), lists, from)
      block.dispose()
    }
    from = to
  }
  const length = lists.offsets[users]
  const values = lists.items.slice(0, length)
  return {
    items: { offsets: lists.offsets, values },
    scores: lists.scores.slice(0, length),
    interests: bestInterests(query, scorer.items, lists.offsets, values),
  }
}

/** For each item of the lists, which of its user's interests scores it best. */
function bestInterests(query: ExactQuery, items: Matrix, lists: Int32Array, values: Int32Array): Uint16Array {
  const interests = new Uint16Array(values.length)
  for (let r = 0; r < lists.length - 1; r++) {
    if (query.offsets[r + 1] - query.offsets[r] <= 1) continue
    for (let n = lists[r]; n < lists[r + 1]; n++) interests[n] = bestInterest(query, items, r, values[n])
  }
  return interests
}

/** Which of user `r`'s interests scores the item best. */
function bestInterest(
  { vectors, offsets, scale = 1, bias }: ExactQuery,
  items: Matrix,
  r: number,
  item: number,
): number {
  let best = 0
  let most = Number.NEGATIVE_INFINITY
  for (let c = offsets[r]; c < offsets[r + 1]; c++) {
    let dot = 0
    for (let d = 0; d < items.dim; d++) dot += vectors.data[c * items.dim + d] * items.data[item * items.dim + d]
    const score = scale * dot + (bias ? bias[c] : 0)
    if (score > most) {
      most = score
      best = c - offsets[r]
    }
  }
  return best
}

/**
 * The recommendations table of a vector system: every item scored for every query, scaled and merged as `interests` say. With codes,
 * each recommendation carries the code of the interest that scored it best.
 *
 * @param interests one row for each row of `queries`
 * @param options.popularity `[items]`: who has no history gets the items that have most of it, and `popularityWeight` weighs it
 * @throws InvalidInputError where `queries` speak of other items, and for unknown or meaningless options
 */
export async function recommendByVectors(
  queries: Table,
  interests: Interests,
  items: Matrix,
  options: VectorRecommendOptions & { popularity?: Float32Array },
): Promise<Table> {
  const { popularity, ...wanted } = options
  checkVectorRecommendOptions(wanted)
  const { users, history, seen, itemsKey } = readQueries(queries)
  checkItemsKey(interests.itemsKey, itemsKey, 'the queries table')
  const { codes, probabilities, offsets, score, merge } = interests
  const { popularityWeight: weight = 0 } = wanted
  const bias = popularity && weight !== 0 ? popularity.map((n) => (weight * Math.log1p(n)) / score.scale) : undefined
  const vectors = bias ? oneMore(interests.vectors, () => 1) : interests.vectors
  const scorer = await itemScorer(bias ? oneMore(items, (item) => bias[item]) : items)
  try {
    const query = {
      vectors,
      offsets,
      scale: score.scale,
      ...mergeBy(merge, probabilities),
      k: wanted.k,
      mask: wanted.among === undefined ? undefined : toMask(wanted.among, items.rows),
      seen: wanted.excludeSeen === false ? undefined : seen,
    }
    const searched = exactTopK(query, scorer)
    const found = popularity ? popularWhereEmpty(searched, history, popularity, query) : searched
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

/** Rows with one more number each. */
function oneMore({ data, rows, dim }: Matrix, value: (row: number) => number): Matrix {
  const longer = new Float32Array(rows * (dim + 1))
  for (let r = 0; r < rows; r++) {
    longer.set(data.subarray(r * dim, (r + 1) * dim), r * (dim + 1))
    longer[(r + 1) * (dim + 1) - 1] = value(r)
  }
  return { data: longer, rows, dim: dim + 1 }
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
