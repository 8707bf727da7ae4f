import type { Cells } from './cells.ts'
import { allProducts, flatLayout } from './exact/layout.ts'
import { Arena, type Region } from './exact/memory.ts'
import type { Shard, State } from './state.ts'

/** The cells of all shards of a state, one after the other. Never changed. */
export interface CellList {
  /** Cells in all. */
  readonly count: number
  /** `[cells]`: ordinal of the shard */
  readonly shards: Int32Array
  /** `[cells]`: the first row of each, and the one after its last */
  readonly from: Int32Array
  readonly to: Int32Array
  /** `[cells]`: live rows */
  readonly rows: Int32Array
  /** `[cells]`: root of the spread */
  readonly deviations: Float64Array
}

/** Keeps the means of cells where the kernel that scans rows can scan them too. */
export interface CellTable {
  /** Brings the table to a state. */
  load(state: State): CellList
  /** Writes the dot product of every cell's mean, of the state that was loaded last, with a query to `out`, `[cells]`. */
  products(vectors: Float32Array, at: number, out: Float64Array): void
  /** Memory that the means hold, in bytes. */
  bytes(): number
}

function emptyList(count: number): CellList {
  const ints = () => new Int32Array(count)
  return { count, shards: ints(), from: ints(), to: ints(), rows: ints(), deviations: new Float64Array(count) }
}

function liveRows({ dead }: Shard, from: number, to: number): number {
  let rows = to - from
  for (let row = from; dead && row < to; row++) if (dead[row] === 1) rows--
  return rows
}

export function cellTable(dim: number): CellTable {
  const layout = flatLayout(dim)
  let arena: Arena | undefined
  let region: Region | undefined
  let room = 0
  let shardsBefore: readonly Shard[] = []
  let cellsBefore: readonly Cells[] = []
  let list = emptyList(0)

  /** Room for so many means; all are written again. */
  function reserve(count: number): void {
    arena ??= new Arena()
    if (region) arena.give(region)
    room = Math.ceil((count * 1.25) / 16) * 16
    region = arena.take((room / 16) * layout.blockBytes)
    cellsBefore = []
  }

  return {
    load({ shards, cells }) {
      if (shards === shardsBefore) return list
      const next = emptyList(cells.reduce((sum, { ends }) => sum + ends.length, 0))
      if (next.count > room) reserve(next.count)
      let at = 0
      // Where a shard has more cells than before, the means behind it move.
      let moved = false
      for (const [s, shard] of shards.entries()) {
        const { ends, spreads, centres } = cells[s]
        const same = cells[s] === cellsBefore[s] && !moved
        const known = same && shard === shardsBefore[s]
        for (let cell = 0, from = 0; cell < ends.length; cell++, at++) {
          next.shards[at] = s
          next.from[at] = from
          next.to[at] = ends[cell]
          next.rows[at] = known ? list.rows[at] : liveRows(shard, from, ends[cell])
          next.deviations[at] = Math.sqrt(spreads[cell])
          from = ends[cell]
          if (!same && arena && region) layout.write(arena, region.at, at, centres, cell * dim)
        }
        moved ||= cellsBefore[s]?.ends.length !== ends.length
      }
      shardsBefore = shards
      cellsBefore = cells
      list = next
      return list
    },
    products(vectors, at, out) {
      if (region) allProducts(layout, region, list.count, vectors, at, out)
    },
    bytes: () => region?.bytes ?? 0,
  }
}
