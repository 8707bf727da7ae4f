import {
  type Csr,
  checkItemsKey,
  type Interests,
  type Matrix,
  makeRecommendations,
  readQueries,
  row,
  type TopK,
  toMask,
  topK,
  topKHeap,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { type BlockScores, type ItemScorer, itemScorer, type Merge } from './item-scorer.ts'
import { checkK } from './linear/classic.ts'
import type { RecommendOptions } from './recommender.ts'

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

/** Scores made at once: 32 MB. */
const BLOCK_SCORES = 8 * 1024 * 1024

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
  const listOffsets = new Int32Array(users + 1)
  const values = new Int32Array(users * k)
  const scores = new Float32Array(users * k)
  const interests = new Uint16Array(users * k)
  const rowsAtOnce = Math.max(1, Math.floor(BLOCK_SCORES / Math.max(1, items)))
  const pick = createPicker(items, k)
  for (let from = 0; from < users; ) {
    const count = offsets[from + 1] - offsets[from]
    let to = from + 1
    while (to < users && offsets[to + 1] - offsets[to] === count && (to + 1 - from) * count <= rowsAtOnce) to++
    const first = offsets[from]
    const last = offsets[to]
    const block =
      count > 0 &&
      scorer.score({
        vectors: vectors.data.subarray(first * vectors.dim, last * vectors.dim),
        users: to - from,
        interests: count,
        scale,
        bias: bias?.subarray(first, last),
        merge,
      })
    for (let r = from; r < to; r++) {
      listOffsets[r + 1] = listOffsets[r]
      if (!block) continue
      const best = pick(block, r - from, mask, seen && row(seen, r))
      values.set(best.items, listOffsets[r])
      scores.set(best.scores, listOffsets[r])
      if (count > 1) {
        for (let n = 0; n < best.items.length; n++) {
          interests[listOffsets[r] + n] = bestInterest(query, scorer.items, r, best.items[n])
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

/**
 * Picks the `k` best of one row of scores. The k-th largest of the runs' maxima is a score that at least k items reach, so
 * only runs whose maximum reaches it are looked into: some hundred scores instead of the catalogue.
 */
function createPicker(items: number, k: number) {
  const best = topKHeap(k)
  return (
    { scores, stride, maxima, groupSize }: BlockScores,
    r: number,
    mask?: Uint8Array,
    skip?: Int32Array,
  ): TopK => {
    const own = scores.subarray(r * stride, r * stride + items)
    const groups = stride / groupSize
    const wanted = k + (skip?.length ?? 0)
    if (!maxima || mask || 2 * wanted > groups) return topK(own, k, { mask, skip })
    const tops = maxima.subarray(r * groups, (r + 1) * groups)
    const least = reachedBy(tops, wanted)
    const skipped = skip && skip.length > 0 ? new Set(skip) : undefined
    let threshold = least
    for (let g = 0; g < groups; g++) {
      if (!(tops[g] >= threshold)) continue
      const end = Math.min(items, (g + 1) * groupSize)
      for (let i = g * groupSize; i < end; i++) {
        if (!(own[i] >= threshold) || skipped?.has(i)) continue
        best.push(i, own[i])
        threshold = Math.max(threshold, best.threshold())
      }
    }
    return best.drain()
  }
}

/** A score that at least `wanted` runs reach: the `wanted`-th largest of the maxima, of several runs together where there are many. */
function reachedBy(maxima: Float32Array, wanted: number): number {
  const together = Math.max(1, Math.floor(maxima.length / (3 * wanted)))
  const tops = new Float32Array(Math.ceil(maxima.length / together))
  for (let g = 0, t = 0; t < tops.length; t++) {
    let top = maxima[g]
    const end = Math.min(maxima.length, g + together)
    for (; g < end; g++) if (maxima[g] > top) top = maxima[g]
    tops[t] = top
  }
  return tops.sort()[tops.length - wanted]
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
    const found = exactTopK(query, scorer)
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
