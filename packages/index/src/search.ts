import { type Interests, tieHash } from '@sparc/tables'
import { Collector } from './collector.ts'
import type { Batch, Engine } from './engine.ts'
import { type FoundByInterest, type Merge, mergeInterests, type Placed } from './merge.ts'
import { route } from './router.ts'
import { living, type State } from './state.ts'

/** A search, with everything checked and defaults filled in. */
export interface SearchRequest {
  interests: Interests
  k: number
  /** Shards that each interest looks into; Infinity for all of them. */
  probes: number
  merge: Merge
  budget?: number
  /** Sorted items that a user must not get. */
  skip: (user: number) => Int32Array | undefined
  accept?: (item: number) => boolean
  seed: number
}

/** What was found for one user, best first, and what it cost. */
export interface UserResult {
  ranked: Placed[]
  /** Ordinals of the shards that were scanned for the user. */
  scanned: Set<number>
  widened: boolean
  /** Interests whose code has no shard here, or that came without one; they were routed by their vector. */
  unrouted: number
}

/** One interest on its way through the shards. */
interface Walk {
  /** Row of the interests table. */
  interest: number
  user: number
  order: Int32Array
  next: number
}

/** Users that are searched together; bounds the memory that candidates need. */
const TILE = 512
const ALL_TILE = 32

export async function searchState(engine: Engine, state: State, request: SearchRequest): Promise<UserResult[]> {
  const users = request.interests.users.length
  const results: UserResult[] = []
  if (request.k === 0) {
    return request.interests.users.map(() => ({ ranked: [], scanned: new Set(), widened: false, unrouted: 0 }))
  }
  const tile = request.probes === Number.POSITIVE_INFINITY ? ALL_TILE : TILE
  for (let from = 0; from < users; from += tile) {
    results.push(...(await searchTile(engine, state, request, from, Math.min(users, from + tile))))
  }
  return results
}

async function searchTile(
  engine: Engine,
  state: State,
  request: SearchRequest,
  from: number,
  to: number,
): Promise<UserResult[]> {
  const { interests, k, probes } = request
  const base = interests.offsets[from]
  const walks: Walk[] = []
  const results: UserResult[] = []
  for (let user = from; user < to; user++) {
    const result: UserResult = { ranked: [], scanned: new Set(), widened: false, unrouted: 0 }
    results.push(result)
    for (let i = interests.offsets[user]; i < interests.offsets[user + 1]; i++) {
      const own = interests.codes ? state.ordinals.get(interests.codes[i]) : undefined
      if (own === undefined) result.unrouted++
      const order = route(state, interests.vectors.data, i * state.dim, own)
      walks.push({ interest: i, user: user - from, order, next: 0 })
    }
  }
  const size = state.dim
  const batch: Batch = {
    dim: size,
    vectors: interests.vectors.data.subarray(base * size, interests.offsets[to] * size),
    collectors: walks.map((walk) => collect(engine, state, request, walk, from, k)),
  }
  const step = (members: readonly Walk[]) => scanNext(state, batch, members, results, base)
  const exactMixture = probes === Number.POSITIVE_INFINITY && request.merge === 'mixture'
  const rounds = exactMixture ? 1 : Math.min(probes, state.shards.length)
  for (let round = 0; round < rounds; round++) await step(walks)
  await widen(state, request, batch, walks, results, step)
  if (exactMixture) {
    await finish(state, request, batch, walks, results)
    raise(engine, state, request, batch, walks, results, from)
    for (const walk of walks) walk.next = 0
    for (let round = 0; round < state.shards.length; round++) await step(walks)
  }
  await finish(state, request, batch, walks, results)
  return results
}

/** `log p` of an interest, p at least 1e-30; 0 where the table has no probabilities. */
function logPrior(interests: Interests, i: number): number {
  return interests.probabilities ? Math.log(Math.max(interests.probabilities[i], 1e-30)) : 0
}

function collect(engine: Engine, state: State, request: SearchRequest, walk: Walk, from: number, k: number): Collector {
  const margin = marginOf(engine, state, request.interests, walk.interest)
  return new Collector(k, margin, request.skip(from + walk.user), request.accept)
}

/** The engine's error, and that of storing scores as float32. */
function marginOf(engine: Engine, state: State, interests: Interests, i: number): number {
  const at = i * state.dim
  const prior = logPrior(interests, i)
  return engine.margin(interests.vectors.data, at) + (Math.abs(prior) * 2 ** -22) / interests.score.scale
}

/** Each walk looks into its next shard; walks are grouped by shard, so that its rows are read once for all. */
async function scanNext(
  state: State,
  batch: Batch,
  walks: readonly Walk[],
  results: UserResult[],
  base: number,
): Promise<void> {
  const groups = new Map<number, number[]>()
  for (const walk of walks) {
    if (walk.next >= walk.order.length) continue
    const ordinal = walk.order[walk.next++]
    results[walk.user].scanned.add(ordinal)
    const group = groups.get(ordinal)
    if (group) group.push(walk.interest - base)
    else groups.set(ordinal, [walk.interest - base])
  }
  for (const [ordinal, members] of groups) {
    const shard = state.shards[ordinal]
    const loading = shard.store.ready?.()
    if (loading) await loading
    const pending = shard.store.scan(shard, batch, members)
    if (pending) await pending
  }
}

/** Where a user's shards ran dry, looks into the next ones until there are `k` candidates or no more shards. */
async function widen(
  state: State,
  request: SearchRequest,
  batch: Batch,
  walks: readonly Walk[],
  results: UserResult[],
  step: (members: readonly Walk[]) => Promise<void>,
): Promise<void> {
  const byUser = new Map<number, number[]>()
  for (let w = 0; w < walks.length; w++) {
    const mine = byUser.get(walks[w].user)
    if (mine) mine.push(w)
    else byUser.set(walks[w].user, [w])
  }
  const wanted = Math.min(request.k, state.size)
  for (;;) {
    const dry: Walk[] = []
    for (const [user, mine] of byUser) {
      const open = mine.filter((w) => walks[w].next < walks[w].order.length)
      if (open.length === 0 || candidates(batch, mine, wanted) >= wanted) {
        byUser.delete(user)
        continue
      }
      results[user].widened = true
      for (const w of open) dry.push(walks[w])
    }
    if (dry.length === 0) return
    await step(dry)
  }
}

/** Distinct candidates of a user, counted up to `enough`. */
function candidates(batch: Batch, mine: readonly number[], enough: number): number {
  let total = 0
  for (const w of mine) {
    const { size } = batch.collectors[w]
    if (size >= enough) return size
    total += size
  }
  if (total < enough || mine.length === 1) return total
  const distinct = new Set<number>()
  for (const w of mine) {
    const { size, items } = batch.collectors[w]
    for (let i = 0; i < size; i++) distinct.add(items[i])
  }
  return distinct.size
}

/**
 * The exact mixture: an item among the `k` best has a score of at least `T`, that of the k-th candidate so far, and a
 * mixture of C interests is at most its largest part plus log C. So every interest collects all rows from `T - log C` on.
 */
function raise(
  engine: Engine,
  state: State,
  request: SearchRequest,
  batch: Batch,
  walks: readonly Walk[],
  results: UserResult[],
  from: number,
): void {
  const { interests, k } = request
  for (let w = 0; w < walks.length; w++) {
    const { user, interest } = walks[w]
    const { ranked } = results[user]
    const many = interests.offsets[from + user + 1] - interests.offsets[from + user]
    const least = ranked.length < k ? Number.NEGATIVE_INFINITY : ranked[k - 1].score - Math.log(many)
    const margin = marginOf(engine, state, interests, interest)
    const slack = 2 * margin + (1 + Math.abs(least)) * (2 ** -20 / interests.score.scale)
    const floor = (least - logPrior(interests, interest)) / interests.score.scale - slack
    const open = least === Number.NEGATIVE_INFINITY ? least : floor
    batch.collectors[w] = new Collector(
      Number.POSITIVE_INFINITY,
      margin,
      request.skip(from + user),
      request.accept,
      k === 0 ? Number.POSITIVE_INFINITY : open,
    )
  }
}

/** Scores the candidates exactly and merges them. */
async function finish(
  state: State,
  request: SearchRequest,
  batch: Batch,
  walks: readonly Walk[],
  results: UserResult[],
): Promise<void> {
  const { interests, k, merge, budget, seed } = request
  const { scale } = interests.score
  const dot = dotWith(state, batch, await fetchRows(state, batch))
  const places = new Map<number, number>()
  let w = 0
  for (let user = 0; user < results.length; user++) {
    const first = w
    const found: FoundByInterest[] = []
    places.clear()
    for (; w < walks.length && walks[w].user === user; w++) {
      const collector = batch.collectors[w]
      if (Number.isFinite(collector.k)) collector.tighten()
      const prior = logPrior(interests, walks[w].interest)
      const entries: { item: number; score: number }[] = []
      for (let i = 0; i < collector.size; i++) {
        const score = prior + scale * dot(collector.shards[i], collector.rows[i], w)
        const item = collector.items[i]
        entries.push({ item, score })
        places.set(item, collector.shards[i] * 2 ** 32 + collector.rows[i])
      }
      if (Number.isFinite(collector.k)) sortBest(entries, seed, k)
      found.push({ items: entries.map((e) => e.item), scores: entries.map((e) => e.score) })
    }
    const weights = found.map((_, i) => interests.probabilities?.[walks[first + i].interest] ?? 1)
    const scores = new Float64Array(found.length)
    const rescore = (item: number) => {
      const place = places.get(item) ?? 0
      const ordinal = Math.floor(place / 2 ** 32)
      const row = place % 2 ** 32
      for (let i = 0; i < scores.length; i++) {
        const prior = logPrior(interests, walks[first + i].interest)
        scores[i] = prior + scale * dot(ordinal, row, first + i)
      }
      return scores
    }
    const merged = mergeInterests(found, weights, { k, merge, budget, seed, rescore })
    results[user].ranked = merged.map((one) => ({ ...one, shard: Math.floor((places.get(one.item) ?? 0) / 2 ** 32) }))
  }
}

/** Sorts best first as stored (float32), ties by hash, and keeps `k`. */
function sortBest(entries: { item: number; score: number }[], seed: number, k: number): void {
  entries.sort((a, b) => Math.fround(b.score) - Math.fround(a.score) || tieHash(a.item, seed) - tieHash(b.item, seed))
  if (entries.length > k) entries.length = k
}

/** The vectors of candidates that live on another machine, asked for once per shard: by ordinal, by row. */
async function fetchRows(state: State, batch: Batch): Promise<Map<number, Map<number, Float32Array>>> {
  const fetched = new Map<number, Map<number, Float32Array>>()
  if (!state.shards.some((shard) => shard.store.fetch)) return fetched
  const rows = new Map<number, Set<number>>()
  for (const { size, shards, rows: places } of batch.collectors) {
    for (let i = 0; i < size; i++) {
      const wanted = rows.get(shards[i]) ?? new Set()
      rows.set(shards[i], wanted.add(places[i]))
    }
  }
  for (const [ordinal, wanted] of rows) {
    const list = Int32Array.from(wanted)
    const vectors = await state.shards[ordinal].store.fetch?.(list)
    const byRow = new Map<number, Float32Array>()
    for (let i = 0; vectors && i < list.length; i++)
      byRow.set(list[i], vectors.subarray(i * batch.dim, (i + 1) * batch.dim))
    fetched.set(ordinal, byRow)
  }
  return fetched
}

/** The dot product of query `member` with a row, wherever it lives. */
function dotWith(state: State, batch: Batch, fetched: Map<number, Map<number, Float32Array>>) {
  const { dim, vectors } = batch
  return (ordinal: number, row: number, member: number): number => {
    const remote = fetched.get(ordinal)?.get(row)
    if (!remote) return state.shards[ordinal].store.dot(row, vectors, member * dim)
    let sum = 0
    for (let d = 0, at = member * dim; d < dim; d++, at++) sum += vectors[at] * remote[d]
    return sum
  }
}

/** Rows in the shards that were scanned, as a share of all. */
export function shareScanned(state: State, scanned: ReadonlySet<number>): number {
  if (state.size === 0) return 0
  let rows = 0
  for (const ordinal of scanned) rows += living(state.shards[ordinal])
  return rows / state.size
}
