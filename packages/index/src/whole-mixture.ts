import { giveCollectors, takeCollector } from './collector.ts'
import type { Engine } from './engine.ts'
import type { WholeScan } from './exact/whole-scan.ts'
import { logSumExp } from './merge.ts'
import { rankOrder } from './rank.ts'
import { rowProducts } from './row-products.ts'
import type { SearchRequest, UserResult } from './search.ts'
import type { State } from './state.ts'

/**
 * The exact mixture for users `from .. from + results.length`: TensorFlow gives each row's score to within a margin, and what
 * can still be among the `k` best is scored again in float64.
 */
export function findMixtures(
  whole: WholeScan,
  engine: Engine,
  state: State,
  request: SearchRequest,
  from: number,
  results: UserResult[],
): void {
  const { offsets } = request.interests
  const countOf = (user: number) => offsets[from + user + 1] - offsets[from + user]
  for (let start = 0; start < results.length; ) {
    const count = countOf(start)
    let end = start + 1
    while (end < results.length && countOf(end) === count) end++
    if (count > 0) findEqual(whole, engine, state, request, from + start, count, results.slice(start, end))
    start = end
  }
}

/** Users that have the same number of interests. */
function findEqual(
  whole: WholeScan,
  engine: Engine,
  state: State,
  request: SearchRequest,
  from: number,
  count: number,
  results: UserResult[],
): void {
  const { interests, k, seed, skip, accept } = request
  const { vectors, offsets, probabilities, score } = interests
  const { dim } = state
  const first = offsets[from]
  const rows = results.length * count
  const prior = (i: number) => (probabilities ? Math.log(Math.max(probabilities[first + i], 1e-30)) : 0)
  const priors = Float32Array.from({ length: rows }, (_, i) => prior(i))
  const collectors = results.map((_, user) => {
    let margin = 0
    for (let i = user * count; i < (user + 1) * count; i++) {
      margin = Math.max(margin, marginOf(engine, vectors.data, (first + i) * dim, dim, score.scale, priors[i]))
    }
    return takeCollector(k, margin, skip(from + user), accept)
  })
  const own = vectors.data.subarray(first * dim, (first + rows) * dim)
  whole.scan(own, collectors, { interests: count, scale: score.scale, priors })

  const vector = new Float32Array(dim)
  const parts = new Float64Array(count)
  for (const [user, result] of results.entries()) {
    const collector = collectors[user]
    collector.tighten()
    const { size, shards, rows: places, items } = collector
    const partsOf = (i: number) => {
      state.shards[shards[i]].store.read(places[i], vector, 0)
      rowProducts(vector, own, user * count * dim, parts)
      for (let c = 0, n = user * count; c < count; c++, n++) parts[c] = prior(n) + score.scale * parts[c]
      return parts
    }
    const scores = Float32Array.from({ length: size }, (_, i) => logSumExp(partsOf(i)))
    const order = rankOrder(items, scores, size, seed).subarray(0, k)
    result.items = order.map((i) => items[i])
    result.scores = Float32Array.from(order, (i) => scores[i])
    result.shards = order.map((i) => shards[i])
    // An interest found what it alone could have brought into the list.
    const least = order.length > 0 ? scores[order[order.length - 1]] - Math.log(count) : 0
    result.interests = new Uint16Array(order.length)
    result.foundBy = []
    for (const [n, i] of order.entries()) {
      const [...own] = partsOf(i)
      const best = own.indexOf(Math.max(...own))
      result.interests[n] = best
      result.foundBy.push([...own.keys()].filter((c) => c === best || own[c] >= least))
    }
  }
  giveCollectors(collectors)
}

/** How far TensorFlow's score of a row may be off: the engine's error, and float32 sums and logarithms of it. */
function marginOf(
  engine: Engine,
  vectors: Float32Array,
  at: number,
  dim: number,
  scale: number,
  prior: number,
): number {
  let squares = 0
  for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
  const largest = scale * Math.sqrt(squares) * engine.longest() + Math.abs(prior)
  return scale * engine.margin(vectors, at) + (largest + 8) * 2 ** -20
}
