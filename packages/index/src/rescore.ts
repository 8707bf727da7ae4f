import type { Batch } from './engine.ts'
import { type FoundByInterest, mergeInterests } from './merge.ts'
import { rankOrder } from './rank.ts'
import { rowProducts } from './row-products.ts'
import type { SearchRequest, UserResult } from './search.ts'
import type { State } from './state.ts'
import type { Walk } from './tile.ts'

const ROW = 2 ** 32

/** Scores the candidates of each user exactly and merges them. */
export async function rescoreUsers(
  state: State,
  request: SearchRequest,
  batch: Batch,
  walks: readonly Walk[],
  results: UserResult[],
): Promise<void> {
  const { scale } = request.interests.score
  const fetched = state.shards.some((shard) => shard.store.fetch) ? await fetchRows(state, batch) : undefined
  const { dim, vectors, collectors } = batch
  const own = new Float32Array(dim)
  /** The vector of a row, wherever it lives; the next one is read to the same place. */
  function vectorOf(ordinal: number, row: number): Float32Array {
    const remote = fetched?.get(ordinal)?.get(row)
    if (remote) return remote
    state.shards[ordinal].store.read(row, own, 0)
    return own
  }
  const one = new Float64Array(1)
  function score(ordinal: number, row: number, member: number): number {
    rowProducts(vectorOf(ordinal, row), vectors, member * dim, one)
    return walks[member].prior + scale * one[0]
  }

  /**
   * The order of a query's candidates by the engine's scores; only where these are too close to call, by exact ones. Far
   * apart, the exact scores could change no place, and reading the rows again costs more than finding them did.
   */
  function rankedByEngine(member: number, alone: boolean) {
    const collector = collectors[member]
    const { prior } = walks[member]
    if (Number.isFinite(collector.k)) collector.tighten()
    const { size, shards, rows, items, margin } = collector
    const { k } = request
    const scores = new Float32Array(size)
    for (let i = 0; i < size; i++) scores[i] = prior + scale * collector.scores[i]
    // All rows above a floor are for the mixture, which looks at each of them whatever their order.
    if (!alone && !Number.isFinite(collector.k)) return { scores, order: Int32Array.from(scores, (_, i) => i) }
    const order = rankOrder(items, scores, size, request.seed)
    for (let start = 0; start < Math.min(k, size); ) {
      let end = start + 1
      const gap = 2 * margin * scale + Math.abs(scores[order[start]]) * 2 ** -21
      while (end < size && scores[order[end - 1]] - scores[order[end]] <= gap) end++
      if (end > start + 1) {
        const close = order.slice(start, end)
        const exact = Float32Array.from(close, (i) => score(shards[i], rows[i], member))
        const ids = close.map((i) => items[i])
        const better = rankOrder(ids, exact, close.length, request.seed)
        for (let i = 0; i < close.length; i++) {
          order[start + i] = close[better[i]]
          scores[close[i]] = exact[i]
        }
      }
      start = end
    }
    return { scores, order: order.subarray(0, k) }
  }

  let next = 0
  for (let user = 0; user < results.length; user++) {
    const first = next
    while (next < walks.length && walks[next].user === user) next++
    if (next === first) continue
    if (next === first + 1) rankAlone(results[user], batch, first, rankedByEngine(first, true), request.k)
    else mergeUser(results[user], first, next)
  }

  function mergeUser(result: UserResult, start: number, end: number): void {
    const { k, merge, budget, seed } = request
    const places = new Map<number, number>()
    const found: FoundByInterest[] = []
    for (let member = start; member < end; member++) {
      const { shards, rows, items } = collectors[member]
      const { scores, order } = rankedByEngine(member, false)
      for (const i of order) places.set(items[i], shards[i] * ROW + rows[i])
      found.push({ items: order.map((i) => items[i]), scores: Float32Array.from(order, (i) => scores[i]) })
    }
    const weights = walks.slice(start, end).map(({ prior }) => Math.exp(prior))
    const all = new Float64Array(end - start)
    const rescore = (item: number) => {
      const place = places.get(item) ?? 0
      rowProducts(vectorOf(Math.floor(place / ROW), place % ROW), vectors, start * dim, all)
      for (let i = 0; i < all.length; i++) all[i] = walks[start + i].prior + scale * all[i]
      return all
    }
    const merged = mergeInterests(found, weights, { k, merge, budget, seed, rescore })
    result.items = Int32Array.from(merged, ({ item }) => item)
    result.scores = Float32Array.from(merged, (one) => one.score)
    result.interests = Uint16Array.from(merged, ({ interest }) => interest)
    result.shards = Int32Array.from(merged, ({ item }) => Math.floor((places.get(item) ?? 0) / ROW))
    result.foundBy = merged.map(({ foundBy }) => foundBy)
  }
}

/** A single interest needs no merging. */
function rankAlone(
  result: UserResult,
  batch: Batch,
  member: number,
  ranked: { scores: Float32Array; order: Int32Array },
  k: number,
): void {
  const { items, shards } = batch.collectors[member]
  const count = Math.min(k, ranked.order.length)
  result.items = new Int32Array(count)
  result.scores = new Float32Array(count)
  result.shards = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const at = ranked.order[i]
    result.items[i] = items[at]
    result.scores[i] = ranked.scores[at]
    result.shards[i] = shards[at]
  }
}

/** The vectors of candidates that live on another machine, asked for once per shard: by ordinal, by row. */
async function fetchRows(state: State, batch: Batch): Promise<Map<number, Map<number, Float32Array>>> {
  const rows = new Map<number, Set<number>>()
  for (const { size, shards, rows: places } of batch.collectors) {
    for (let i = 0; i < size; i++) {
      const wanted = rows.get(shards[i]) ?? new Set()
      rows.set(shards[i], wanted.add(places[i]))
    }
  }
  const fetched = new Map<number, Map<number, Float32Array>>()
  for (const [ordinal, wanted] of rows) {
    const list = Int32Array.from(wanted)
    const vectors = await state.shards[ordinal].store.fetch?.(list)
    const byRow = new Map<number, Float32Array>()
    for (let i = 0; vectors && i < list.length; i++) {
      byRow.set(list[i], vectors.subarray(i * batch.dim, (i + 1) * batch.dim))
    }
    fetched.set(ordinal, byRow)
  }
  return fetched
}
