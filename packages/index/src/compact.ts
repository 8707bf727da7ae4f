import { type Cells, groupRows } from './cells.ts'
import type { Engine, EngineShard } from './engine.ts'
import type { IdMap } from './id-map.ts'
import { living, type Shard, type State } from './state.ts'
import { gather } from './writer.ts'

/** Too few dead rows to be worth a rewrite. */
const FEW = 16

/** Rewrites shards of which more than a share is dead, or joined after the shard was last put in order. Returns the next state, and the stores that it no longer shows. */
export async function compacted(
  state: State,
  engine: Engine,
  ids: IdMap,
  share: number,
  few = FEW,
): Promise<{ state: State; old: EngineShard[] }> {
  const shards = [...state.shards]
  const cells = [...state.cells]
  const old: EngineShard[] = []
  for (const shard of state.shards) {
    // What another machine keeps is looked into by whole shards.
    const unsorted = engine.remote ? 0 : shard.length - state.cells[shard.ordinal].sorted
    const most = Math.max(few, share * shard.length)
    if (shard.deadCount <= most && unsorted <= most) continue
    const next = await rewritten(shard, state, engine)
    shards[shard.ordinal] = next.shard
    cells[shard.ordinal] = next.cells
    old.push(shard.store)
  }
  if (old.length === 0) return { state, old }
  for (const shard of shards) {
    if (shard === state.shards[shard.ordinal]) continue
    for (let row = 0; row < shard.length; row++) ids.place(shard.items[row], shard.ordinal, row)
  }
  return { state: { ...state, epoch: state.epoch + 1, shards, cells }, old }
}

/** Numbers of the live rows of a shard, ascending. */
export function liveRows(shard: Shard): Int32Array {
  const rows = new Int32Array(living(shard))
  let count = 0
  for (let row = 0; row < shard.length; row++) if (shard.dead?.[row] !== 1) rows[count++] = row
  return rows
}

/** The vectors of some rows, `[rows, dim]`. */
export async function readRows(shard: Shard, rows: Int32Array, dim: number): Promise<Float32Array> {
  await shard.store.ready?.()
  if (shard.store.fetch) return shard.store.fetch(rows)
  const out = new Float32Array(rows.length * dim)
  for (let i = 0; i < rows.length; i++) shard.store.read(rows[i], out, i * dim)
  return out
}

async function rewritten(shard: Shard, { dim, size }: State, engine: Engine): Promise<{ shard: Shard; cells: Cells }> {
  const rows = liveRows(shard)
  const store = engine.shard(shard.code)
  const vectors = rows.length > 0 ? await readRows(shard, rows, dim) : new Float32Array(0)
  const { cells, order } = groupRows(vectors, dim, size)
  const items = order.map((i) => shard.items[rows[i]])
  if (items.length > 0) await store.append(gather(vectors, dim, order), items)
  const { ordinal, code } = shard
  return { shard: { ordinal, code, store, items, length: items.length, deadCount: 0 }, cells }
}
