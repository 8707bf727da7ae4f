import type { Interests } from '@sparc/tables'
import { type Collector, giveCollectors, takeCollector } from './collector.ts'
import type { Batch, Engine } from './engine.ts'
import { loadTensorflow } from './exact/load-tensorflow.ts'
import { type WholeScan, wholeScan } from './exact/whole-scan.ts'
import type { Merge } from './merge.ts'
import { rescoreUsers } from './rescore.ts'
import { route } from './router.ts'
import { living, type State } from './state.ts'
import { noteLooks, openTile, scanPlanned, type Walk, widen } from './tile.ts'
import { findMixtures } from './whole-mixture.ts'

/** A search, with everything checked and defaults filled in. */
export interface SearchRequest {
  interests: Interests
  k: number
  /** Shards for each interest; Infinity for all of them. */
  probes: number
  merge: Merge
  /** Who chooses shards: the user for all interests together, or each interest. */
  routing: 'user' | 'interest'
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
  /** `[shards]`, 1 = was looked into, if only in part */
  probed: Uint8Array
  /** Live rows that were looked at. */
  scanned: number
  widened: boolean
  /** Interests whose code has no shard here, or that came without one. */
  unrouted: number
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
    scanned: 0,
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
  const tile = openTile(state, request, from, results)
  const { walks } = tile
  const base = interests.offsets[from]
  const batch: Batch = {
    dim: state.dim,
    exact: everywhere,
    vectors: interests.vectors.data.subarray(base * state.dim, (base + walks.length) * state.dim),
    collectors: walks.map((walk) => {
      const margin = marginOf(engine, state, interests, walk)
      return takeCollector(k, margin, request.skip(from + walk.user), request.accept)
    }),
  }
  const exactMixture = everywhere && request.merge === 'mixture' && walks.length > 0
  if (whole) {
    for (const result of results) {
      for (const shard of state.shards) result.probed[shard.ordinal] = living(shard) > 0 ? 1 : 0
      result.scanned = state.size
    }
    if (exactMixture) {
      giveCollectors(batch.collectors)
      return findMixtures(whole, engine, state, request, from, results)
    }
    whole.scan(batch.vectors, batch.collectors)
  } else {
    await scanPlanned(tile, batch, exactMixture ? 1 : undefined)
    await widen(tile, batch, Math.min(k, state.size))
  }
  if (exactMixture) {
    await rescoreUsers(state, request, batch, walks, results)
    const before = [...batch.collectors]
    for (const [w, walk] of walks.entries()) {
      batch.collectors[w] = mixtureCollector(engine, state, request, walk, results[walk.user], from)
      walk.route = route(state, batch.vectors, w * state.dim, undefined, Number.POSITIVE_INFINITY)
    }
    giveCollectors(before)
    await scanPlanned(tile, batch)
  }
  await rescoreUsers(state, request, batch, walks, results)
  giveCollectors(batch.collectors)
  if (!whole) noteLooks(tile, results)
}

/** The engine's error, and that of storing scores as float32. */
function marginOf(engine: Engine, { dim }: State, { vectors, score }: Interests, walk: Walk): number {
  return engine.margin(vectors.data, walk.interest * dim) + (Math.abs(walk.prior) * 2 ** -22) / score.scale
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
