import { type CellTable, cellTable } from './cell-table.ts'
import { allProducts, flatLayout } from './exact/layout.ts'
import { Arena, type Region } from './exact/memory.ts'
import { living, type Shard, type State } from './state.ts'

/** What decides which shards a query looks into. */
export interface Routing {
  /**
   * Writes the dot product to expect of each shard's best row to `out`, `[shards]`. Were the products of n rows normal with
   * mean `m = u . c` and variance `s^2 = sum_d u_d^2 spread_d`, the best of them would be about `m + s sqrt(2 ln n)`: a shard
   * that is large and wide holds more of the best than its centroid alone says.
   */
  expect(state: State, vectors: Float32Array, at: number, out: Float64Array): void
  /** What the shards hold, told finer: for users of whom several interests are looked for at once. */
  readonly cells: CellTable
  /** Memory that all of it holds, in bytes. */
  bytes(): number
}

/**
 * Keeps the centroids, spreads and cells of an index where the kernel that scans rows can scan them too; its successive
 * states share it, and only what changed is written again.
 */
export function routing(dim: number): Routing {
  const layout = flatLayout(dim)
  const row = new Float32Array(dim)
  let arena: Arena | undefined
  let centres: Region | undefined
  let spreads: Region | undefined
  let room = 0
  let loaded: readonly Shard[] = []
  /** `2 ln n` of each shard. */
  let sizes = new Float64Array(0)

  function reserve(shards: number): void {
    arena ??= new Arena()
    for (const region of [centres, spreads]) if (region) arena.give(region)
    room = Math.ceil((shards * 1.25) / 16) * 16
    centres = arena.take((room / 16) * layout.blockBytes)
    spreads = arena.take((room / 16) * layout.blockBytes)
    sizes = new Float64Array(room)
    loaded = []
  }

  function load({ shards, centroids, spreads: squares }: State): void {
    if (shards.length > room) reserve(shards.length)
    if (shards === loaded || !arena || !centres || !spreads) return
    for (let s = 0; s < shards.length; s++) {
      if (shards[s] === loaded[s]) continue
      layout.write(arena, centres.at, s, centroids, s * dim)
      layout.write(arena, spreads.at, s, squares, s * dim)
      sizes[s] = 2 * Math.log(living(shards[s]))
    }
    loaded = shards
  }

  let means = new Float64Array(0)
  const cells = cellTable(dim)
  return {
    cells,
    bytes: () => (centres?.bytes ?? 0) + (spreads?.bytes ?? 0) + cells.bytes(),
    expect(state, vectors, at, out) {
      load(state)
      const { shards } = state
      if (!centres || !spreads) return
      if (means.length < shards.length) means = new Float64Array(shards.length)
      allProducts(layout, centres, shards.length, vectors, at, means)
      for (let d = 0; d < dim; d++) row[d] = vectors[at + d] ** 2
      allProducts(layout, spreads, shards.length, row, 0, out)
      for (let s = 0; s < shards.length; s++) out[s] = means[s] + Math.sqrt(sizes[s] * out[s])
    },
  }
}
