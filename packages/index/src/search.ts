import type { Interests } from '@sparc/tables'
import { type Collector, giveCollectors, takeCollector } from './collector.ts'
import type { Batch, Engine } from './engine.ts'
import { loadTensorflow } from './exact/load-tensorflow.ts'
import { type WholeScan, wholeScan } from './exact/whole-scan.ts'
import type { Merge } from './merge.ts'
import { rescoreUsers } from './rescore.ts'
import { type Route, route } from './router.ts'
import { living, type State } from './state.ts'
import { findMixtures } from './whole-mixture.ts'

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
  items: Int32Array
  scores: Float32Array
  /** Parallel to `items`: number, within the user, of the interest that scored it best; absent where there is one only. */
  interests?: Uint16Array
  /** Parallel to `items`: ordinal of the shard that holds it. */
  shards: Int32Array
  /** Parallel to `items`: the interests that found it; absent where there is one only. */
  foundBy?: number[][]
  /** `[shards]`, 1 = was looked into */
  probed: Uint8Array
  widened: boolean
  /** Interests whose code has no shard here, or that came without one; they were routed by their vector. */
  unrouted: number
}

/** One interest on its way through the shards. */
export interface Walk {
  /** Row of the interests table. */
  interest: number
  /** Row of the tile. */
  user: number
  /** `log p`, p at least 1e-30; 0 where the table has no probabilities. */
  prior: number
  route: Route
}

/** Users that are searched together; bounds the memory that candidates need. */
const TILE = 512
const ALL_TILE = 32
/** The same where TensorFlow scores them. */
const WHOLE_TILE = 256
/** Multiplications (interests x rows x dimensions) of a search of all shards that are worth TensorFlow. */
const WORTH_TENSORFLOW = 4e9

export async function searchState(engine: Engine, state: State, request: SearchRequest): Promise<UserResult[]> {
  const users = request.interests.users.length
  const whole = await wholeScanFor(state, request)
  const tile = whole ? WHOLE_TILE : request.probes === Number.POSITIVE_INFINITY ? ALL_TILE : TILE
  const results: UserResult[] = []
  try {
    for (let from = 0; from < users; from += tile) {
      const to = Math.min(users, from + tile)
      const part = Array.from({ length: to - from }, () => emptyResult(state))
      if (request.k > 0) await searchTile(engine, state, request, from, part, whole)
      for (const result of part) results.push(result)
    }
  } finally {
    whole?.dispose()
  }
  return results
}

/** TensorFlow, where it is there and enough is asked of it. */
async function wholeScanFor(state: State, { interests, probes, k }: SearchRequest): Promise<WholeScan | undefined> {
  const work = interests.vectors.rows * state.size * state.dim
  if (probes < Number.POSITIVE_INFINITY || k === 0 || work < WORTH_TENSORFLOW) return undefined
  const tf = await loadTensorflow()
  return tf && wholeScan(tf, state)
}

const NO_ITEMS = new Int32Array(0)
const NO_SCORES = new Float32Array(0)

function emptyResult({ shards }: State): UserResult {
  return {
    items: NO_ITEMS,
    scores: NO_SCORES,
    shards: NO_ITEMS,
    probed: new Uint8Array(shards.length),
    widened: false,
    unrouted: 0,
  }
}

async function searchTile(
  engine: Engine,
  state: State,
  request: SearchRequest,
  from: number,
  results: UserResult[],
  whole: WholeScan | undefined,
): Promise<void> {
  const { interests, k, probes } = request
  const everywhere = probes === Number.POSITIVE_INFINITY
  const { codes, probabilities, vectors, offsets } = interests
  const base = offsets[from]
  const walks: Walk[] = []
  for (let user = 0; user < results.length; user++) {
    for (let i = offsets[from + user]; i < offsets[from + user + 1]; i++) {
      const own = codes ? state.ordinals.get(codes[i]) : undefined
      if (own === undefined) results[user].unrouted++
      const prior = probabilities ? Math.log(Math.max(probabilities[i], 1e-30)) : 0
      walks.push({ interest: i, user, prior, route: route(state, vectors.data, i * state.dim, own, everywhere) })
    }
  }
  const batch: Batch = {
    dim: state.dim,
    vectors: vectors.data.subarray(base * state.dim, (base + walks.length) * state.dim),
    collectors: walks.map((walk) => {
      const margin = marginOf(engine, state, interests, walk)
      return takeCollector(k, margin, request.skip(from + walk.user), request.accept)
    }),
  }
  const exactMixture = everywhere && request.merge === 'mixture' && walks.length > 0
  if (whole) {
    for (const { probed } of results)
      for (const shard of state.shards) probed[shard.ordinal] = living(shard) > 0 ? 1 : 0
    if (exactMixture) {
      giveCollectors(batch.collectors)
      return findMixtures(whole, engine, state, request, from, results)
    }
    whole.scan(batch.vectors, batch.collectors)
  } else {
    const rounds = exactMixture ? 1 : Math.min(probes, state.shards.length)
    for (let round = 0; round < rounds; round++) await scanNext(state, batch, walks, results, base)
    await widen(state, request, batch, walks, results, base)
  }
  if (exactMixture) {
    await rescoreUsers(state, request, batch, walks, results)
    const before = [...batch.collectors]
    for (const [w, walk] of walks.entries()) {
      batch.collectors[w] = mixtureCollector(engine, state, request, walk, results[walk.user], from)
      walk.route = route(state, batch.vectors, w * state.dim, undefined, true)
    }
    giveCollectors(before)
    for (let n = 0; n < state.shards.length; n++) await scanNext(state, batch, walks, results, base)
  }
  await rescoreUsers(state, request, batch, walks, results)
  giveCollectors(batch.collectors)
}

/** The engine's error, and that of storing scores as float32. */
function marginOf(engine: Engine, { dim }: State, { vectors, score }: Interests, walk: Walk): number {
  return engine.margin(vectors.data, walk.interest * dim) + (Math.abs(walk.prior) * 2 ** -22) / score.scale
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
  for (const { interest, user, route: on } of walks) {
    const ordinal = on.next()
    if (ordinal < 0) continue
    results[user].probed[ordinal] = 1
    const group = groups.get(ordinal)
    if (group) group.push(interest - base)
    else groups.set(ordinal, [interest - base])
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
  base: number,
): Promise<void> {
  const wanted = Math.min(request.k, state.size)
  for (;;) {
    const dry: Walk[] = []
    for (let start = 0; start < walks.length; ) {
      let end = start + 1
      while (end < walks.length && walks[end].user === walks[start].user) end++
      if (candidates(batch, start, end, wanted) < wanted) {
        const open = walks.slice(start, end).filter((walk) => walk.route.open)
        for (const walk of open) dry.push(walk)
        if (open.length > 0) results[walks[start].user].widened = true
      }
      start = end
    }
    if (dry.length === 0) return
    await scanNext(state, batch, dry, results, base)
  }
}

/** Distinct candidates of the queries `start .. end)`, counted up to `enough`. */
function candidates(batch: Batch, start: number, end: number, enough: number): number {
  let total = 0
  for (let member = start; member < end; member++) {
    const { size } = batch.collectors[member]
    if (size >= enough) return size
    total += size
  }
  if (total < enough || end === start + 1) return total
  const distinct = new Set<number>()
  for (let member = start; member < end; member++) {
    const { size, items } = batch.collectors[member]
    for (let i = 0; i < size; i++) distinct.add(items[i])
  }
  return distinct.size
}

/**
 * Collects for the exact mixture: an item among the `k` best has a score of at least `T`, that of the k-th candidate so
 * far, and a mixture of C interests is at most its largest part plus log C. So all rows from `T - log C` on are kept.
 */
function mixtureCollector(
  engine: Engine,
  state: State,
  request: SearchRequest,
  walk: Walk,
  { scores }: UserResult,
  from: number,
): Collector {
  const { interests, k, accept } = request
  const { offsets } = interests
  const { scale } = interests.score
  const user = from + walk.user
  const margin = marginOf(engine, state, interests, walk)
  let floor = Number.NEGATIVE_INFINITY
  if (scores.length >= k) {
    const least = scores[k - 1] - Math.log(offsets[user + 1] - offsets[user])
    floor = (least - walk.prior) / scale - 2 * margin - (1 + Math.abs(least)) * (2 ** -20 / scale)
  }
  return takeCollector(Number.POSITIVE_INFINITY, margin, request.skip(user), accept, floor)
}

/** Rows in the shards that were looked into, as a share of all. */
export function shareScanned(state: State, probed: Uint8Array): number {
  if (state.size === 0) return 0
  let rows = 0
  for (let s = 0; s < probed.length; s++) if (probed[s] === 1) rows += living(state.shards[s])
  return rows / state.size
}
