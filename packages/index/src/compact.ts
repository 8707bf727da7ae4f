import type { Engine, EngineShard } from './engine.ts'
import type { IdMap } from './id-map.ts'
import { living, type Shard, type State } from './state.ts'

/** Too few dead rows to be worth a rewrite. */
const FEW = 16

/** Rewrites shards of which more than a share is dead. Returns the next state, and the stores that it no longer shows. */
export async function compacted(
  state: State,
  engine: Engine,
  ids: IdMap,
  share: number,
  few = FEW,
): Promise<{ state: State; old: EngineShard[] }> {
  const shards = [...state.shards]
  const old: EngineShard[] = []
  for (const shard of state.shards) {
    if (shard.deadCount <= few || shard.deadCount <= share * shard.length) continue
    shards[shard.ordinal] = await rewritten(shard, state.dim, engine)
    old.push(shard.store)
  }
  if (old.length === 0) return { state, old }
  for (const shard of shards) {
    if (shard === state.shards[shard.ordinal]) continue
    for (let row = 0; row < shard.length; row++) ids.place(shard.items[row], shard.ordinal, row)
  }
  return { state: { ...state, epoch: state.epoch + 1, shards }, old }
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

async function rewritten(shard: Shard, dim: number, engine: Engine): Promise<Shard> {
  const rows = liveRows(shard)
  const items = Int32Array.from(rows, (row) => shard.items[row])
  const store = engine.shard(shard.code)
  if (rows.length > 0) await store.append(await readRows(shard, rows, dim), items)
  return { ordinal: shard.ordinal, code: shard.code, store, items, length: rows.length, deadCount: 0 }
}
