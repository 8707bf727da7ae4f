import type { Embeddings } from '@sparc/tables'
import { type Cells, groupRows, NO_CELLS, withJoined } from './cells.ts'
import type { Engine } from './engine.ts'
import type { IdMap } from './id-map.ts'
import { routing } from './routing.ts'
import type { Shard, State } from './state.ts'

/** Rows of an embeddings table by level-1 code, codes ascending. */
export function rowsByCode(codes: ArrayLike<number>): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (let r = 0; r < codes.length; r++) {
    const group = groups.get(codes[r])
    if (group) group.push(r)
    else groups.set(codes[r], [r])
  }
  return new Map([...groups].sort(([a], [b]) => a - b))
}

/** Copies rows of a matrix, to the beginning of `room` where there is one. */
export function gather(
  vectors: Float32Array,
  dim: number,
  rows: ArrayLike<number>,
  room = new Float32Array(rows.length * dim),
): Float32Array {
  const out = room.subarray(0, rows.length * dim)
  for (let i = 0; i < rows.length; i++) out.set(vectors.subarray(rows[i] * dim, (rows[i] + 1) * dim), i * dim)
  return out
}

/** A state without items. */
export function emptyState(dim: number): State {
  return {
    epoch: 0,
    dim,
    shards: [],
    ordinals: new Map(),
    centroids: new Float32Array(0),
    spreads: new Float32Array(0),
    cells: [],
    routing: routing(dim),
    size: 0,
  }
}

/** What a write changes, while it is being made. */
interface Draft {
  shards: Shard[]
  ordinals: Map<number, number>
  centroids: Float32Array
  spreads: Float32Array
  cells: Cells[]
  /** Shards whose mask of dead rows is this draft's own, so that it may be written to. */
  owned: Set<number>
}

/** A shard's dead rows, copied once per write, because readers may still look at the state before. */
function deadRows(draft: Draft, ordinal: number, length: number): Uint8Array {
  const shard = draft.shards[ordinal]
  if (draft.owned.has(ordinal) && shard.dead && shard.dead.length >= length) return shard.dead
  const dead = new Uint8Array(Math.max(length, shard.items.length))
  if (shard.dead) dead.set(shard.dead.subarray(0, Math.min(dead.length, shard.dead.length)))
  draft.shards[ordinal] = { ...shard, dead }
  draft.owned.add(ordinal)
  return dead
}

function kill(draft: Draft, ids: IdMap, item: number): boolean {
  const ordinal = ids.shard(item)
  if (ordinal < 0) return false
  deadRows(draft, ordinal, draft.shards[ordinal].length)[ids.row(item)] = 1
  const shard = draft.shards[ordinal]
  draft.shards[ordinal] = { ...shard, deadCount: shard.deadCount + 1 }
  ids.displace(item)
  return true
}

function addShard(draft: Draft, engine: Engine, code: number, dim: number, codeword: Float32Array | undefined): number {
  const ordinal = draft.shards.length
  draft.shards.push({ ordinal, code, store: engine.shard(code), items: new Int32Array(0), length: 0, deadCount: 0 })
  draft.ordinals.set(code, ordinal)
  const centroids = new Float32Array((ordinal + 1) * dim)
  centroids.set(draft.centroids)
  if (codeword) centroids.set(codeword, ordinal * dim)
  draft.centroids = centroids
  const spreads = new Float32Array((ordinal + 1) * dim)
  spreads.set(draft.spreads)
  draft.spreads = spreads
  draft.cells.push(NO_CELLS)
  return ordinal
}

/** Moves a centroid, unless it is fixed, and the spread around it towards vectors that joined `before` others. */
function moveCentre(
  { centroids, spreads }: Draft,
  at: number,
  dim: number,
  vectors: Float32Array,
  before: number,
  fixed: boolean,
): void {
  const rows = before + vectors.length / dim
  for (let d = 0; d < dim; d++) {
    const old = centroids[at + d]
    let sum = old * before
    for (let from = d; from < vectors.length; from += dim) sum += vectors[from]
    const centre = fixed ? old : sum / rows
    let squares = (spreads[at + d] + (centre - old) ** 2) * before
    for (let from = d; from < vectors.length; from += dim) squares += (vectors[from] - centre) ** 2
    centroids[at + d] = centre
    spreads[at + d] = squares / rows
  }
}

/**
 * The state after these embeddings were put in: new items join, known ones are replaced, and move where their code
 * changed. The state before stays whole for whoever reads it.
 *
 * @param codes `[rows]`, the level-1 code of each row
 * @param codeword the codeword of a code, where a codebook routes; else shards are routed to by their mean
 */
export async function withUpserted(
  state: State,
  engine: Engine,
  ids: IdMap,
  embeddings: Embeddings,
  codes: ArrayLike<number>,
  codeword?: (code: number) => Float32Array | undefined,
): Promise<State> {
  const { dim } = state
  const draft: Draft = {
    shards: [...state.shards],
    ordinals: new Map(state.ordinals),
    centroids: state.centroids.slice(),
    spreads: state.spreads.slice(),
    cells: [...state.cells],
    owned: new Set(),
  }
  /** Of each row: its shard, and its row there. */
  const ordinals = new Int32Array(embeddings.items.length)
  const places = new Int32Array(embeddings.items.length)
  const catalogue = state.size + embeddings.items.length
  const groups = rowsByCode(codes)
  // Two arrays for all shards: the collector would look through all ids each time that many large ones were dropped.
  const most = Math.max(0, ...Array.from(groups.values(), ({ length }) => length)) * dim
  const [roomA, roomB] = [new Float32Array(most), new Float32Array(most)]
  for (const [code, members] of groups) {
    const ordinal = draft.ordinals.get(code) ?? addShard(draft, engine, code, dim, codeword?.(code))
    const { store, deadCount, length } = draft.shards[ordinal]
    await store.ready?.()
    const base = store.length()
    const unsorted = gather(embeddings.vectors.data, dim, members, roomA)
    const first = draft.cells[ordinal].ends.length === 0 ? groupRows(unsorted, dim, catalogue, base) : undefined
    const rows = first ? first.order.map((r) => members[r]) : members
    const vectors = first ? gather(unsorted, dim, first.order, roomB) : unsorted
    const items = Int32Array.from(rows, (r) => embeddings.items[r])
    const pending = store.append(vectors, items)
    if (pending) await pending
    moveCentre(draft, ordinal * dim, dim, vectors, length - deadCount, codeword?.(code) !== undefined)
    draft.shards[ordinal] = withRows(draft, ordinal, base, items)
    draft.cells[ordinal] = first?.cells ?? withJoined(draft.cells[ordinal], vectors, dim, base + items.length)
    for (let i = 0; i < rows.length; i++) {
      ordinals[rows[i]] = ordinal
      places[rows[i]] = base + i
    }
  }
  // From here on nothing can fail: readers see all of it or nothing.
  let size = state.size
  for (let row = 0; row < places.length; row++) {
    const item = embeddings.items[row]
    if (!kill(draft, ids, item)) size++
    if (ids.id(item) === undefined) ids.name(item, embeddings.ids[row])
    ids.place(item, ordinals[row], places[row])
  }
  const { owned, ...changed } = draft
  return { ...state, ...changed, epoch: state.epoch + 1, size }
}

/** A shard with rows appended at `base`. Rows between its end and `base` come from a write that failed: they are dead. */
function withRows(draft: Draft, ordinal: number, base: number, added: Int32Array): Shard {
  const length = base + added.length
  const before = draft.shards[ordinal]
  let { items } = before
  if (items.length < length) {
    items = new Int32Array(before.length === 0 ? length : Math.ceil(length * 1.25))
    items.set(before.items.subarray(0, before.length))
  }
  items.set(added, base)
  const shard: Shard = { ...before, items, length }
  draft.shards[ordinal] = shard
  if (base > before.length) {
    const dead = deadRows(draft, ordinal, items.length)
    for (let row = before.length; row < base; row++) dead[row] = 1
  }
  return { ...draft.shards[ordinal], deadCount: shard.deadCount + base - before.length }
}

/** The state after items were removed. */
export function withRemoved(state: State, ids: IdMap, items: Iterable<number>): { state: State; removed: number } {
  const draft: Draft = {
    shards: [...state.shards],
    ordinals: new Map(state.ordinals),
    centroids: state.centroids,
    spreads: state.spreads,
    cells: [...state.cells],
    owned: new Set(),
  }
  let removed = 0
  for (const item of items) if (kill(draft, ids, item)) removed++
  const { owned, ...changed } = draft
  return { state: { ...state, ...changed, epoch: state.epoch + 1, size: state.size - removed }, removed }
}
