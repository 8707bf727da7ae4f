import type { Interests } from '@sparc/tables'
import type { CellList } from './cell-table.ts'
import type { Batch, ShardRows } from './engine.ts'
import { type Route, route } from './router.ts'
import type { SearchRequest, UserResult } from './search.ts'
import { living, type Shard, type State } from './state.ts'
import { routeUser } from './user-route.ts'

/** One interest on its way through the index. */
export interface Walk {
  /** Row of the interests table. */
  interest: number
  /** Row of the tile. */
  user: number
  /** `log p`, p at least 1e-30; 0 where the table has no probabilities. */
  prior: number
  route: Route
}

/** Users that are searched together. */
export interface Tile {
  readonly state: State
  /** Those of one user lie side by side. */
  readonly walks: Walk[]
  /** For each user, the places that its interests looked into, one after the other. */
  readonly looked: number[][]
  /** What places from the number of shards on mean. */
  readonly cells?: CellList
}

/** Plans how the interests of users `from ..` go through the index. */
export function openTile(state: State, request: SearchRequest, from: number, results: UserResult[]): Tile {
  const { interests, probes, k, merge, routing } = request
  const { codes, probabilities, vectors, offsets, score } = interests
  const everywhere = probes === Number.POSITIVE_INFINITY
  const rows = probes * rowsAShard(state)
  const walks: Walk[] = []
  let cells: CellList | undefined
  for (let user = 0; user < results.length; user++) {
    const first = offsets[from + user]
    const count = offsets[from + user + 1] - first
    const priors = new Float64Array(count)
    for (let i = 0; probabilities && i < count; i++) priors[i] = Math.log(Math.max(probabilities[first + i], 1e-30))
    let routes: Route[] = []
    if (routing === 'user' && count > 1 && !everywhere) {
      const asked = { vectors: vectors.data, at: first * state.dim, priors, scale: score.scale }
      const plan = routeUser(state, asked, k, rows * count, merge === 'mixture')
      routes = plan.routes
      cells = plan.cells
    } else {
      for (let i = first; i < first + count; i++) {
        const own = codes ? state.ordinals.get(codes[i]) : undefined
        routes.push(route(state, vectors.data, i * state.dim, own, Math.ceil(probes)))
      }
    }
    for (let i = 0; i < count; i++) walks.push({ interest: first + i, user, prior: priors[i], route: routes[i] })
    results[user].unrouted = unroutedOf(state, interests, from + user)
  }
  return { state, walks, cells, looked: results.map(() => []) }
}

/** Rows that a shard has on average. */
function rowsAShard({ shards, size }: State): number {
  let filled = 0
  for (const shard of shards) if (living(shard) > 0) filled++
  return size / Math.max(1, filled)
}

/** Interests without a code, or with one that has no shard. */
function unroutedOf({ ordinals }: State, { codes, offsets }: Interests, user: number): number {
  let count = 0
  for (let i = offsets[user]; i < offsets[user + 1]; i++) if (!codes || !ordinals.has(codes[i])) count++
  return count
}

/** Each walk looks where it is to look in any case: first where it is likeliest to find much, then at more and more at once. */
export async function scanPlanned(tile: Tile, batch: Batch, atMost = Number.POSITIVE_INFINITY): Promise<void> {
  let most = 0
  for (const { route: on } of tile.walks) most = Math.max(most, Math.min(on.looks, atMost))
  for (let from = 0, count = 1; from < most; from += count, count *= 2) {
    const until = Math.min(from + count, atMost)
    await scanNext(tile, batch, tile.walks, ({ looks }) => Math.min(looks, until) - from)
  }
}

/** Where users found fewer than `wanted`, looks further until they have them or nothing is left. */
export async function widen(tile: Tile, batch: Batch, wanted: number): Promise<void> {
  const { walks } = tile
  for (let count = 1; ; count *= 2) {
    const dry: Walk[] = []
    for (let start = 0; start < walks.length; ) {
      let end = start + 1
      while (end < walks.length && walks[end].user === walks[start].user) end++
      if (candidates(batch, start, end, wanted) < wanted) {
        for (const walk of walks.slice(start, end)) if (walk.route.open) dry.push(walk)
      }
      start = end
    }
    if (dry.length === 0) return
    for (const { user } of dry) tile.looked[user].push(WIDENED)
    await scanNext(tile, batch, dry, () => count)
  }
}

/** Stands among the places that a user looked into where there had to be more of them than planned. */
const WIDENED = -1

/** Walks look into their next places; they are grouped by place, so that its rows are read once for all. */
async function scanNext(tile: Tile, batch: Batch, walks: readonly Walk[], count: (of: Route) => number): Promise<void> {
  const base = tile.walks[0]?.interest ?? 0
  const groups = new Map<number, number[]>()
  for (const { interest, user, route: on } of walks) {
    for (let n = count(on); n > 0; n--) {
      const place = on.next()
      if (place < 0) break
      tile.looked[user].push(place)
      const group = groups.get(place)
      if (group) group.push(interest - base)
      else groups.set(place, [interest - base])
    }
  }
  for (const [place, members] of groups) {
    const { store, rows } = partOf(tile, place)
    const loading = store.ready?.()
    if (loading) await loading
    const pending = store.scan(rows, batch, members)
    if (pending) await pending
  }
}

/** The rows of a place. */
function partOf({ state: { shards }, cells }: Tile, place: number): { store: Shard['store']; rows: ShardRows } {
  if (place < shards.length || !cells) return { store: shards[place].store, rows: shards[place] }
  const cell = place - shards.length
  const { store, ordinal, items, dead } = shards[cells.shards[cell]]
  return { store, rows: { ordinal, items, dead, from: cells.from[cell], length: cells.to[cell] } }
}

/** Writes down which shards each user looked into, and at how many live rows. */
export function noteLooks({ state: { shards }, cells, looked }: Tile, results: UserResult[]): void {
  for (const [user, result] of results.entries()) {
    for (const place of new Set(looked[user])) {
      if (place === WIDENED) result.widened = true
      else if (place < shards.length || !cells) {
        result.probed[place] = 1
        result.scanned += living(shards[place])
      } else {
        result.probed[cells.shards[place - shards.length]] = 1
        result.scanned += cells.rows[place - shards.length]
      }
    }
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
