import type { Cells } from './cells.ts'
import type { EngineShard, ShardRows } from './engine.ts'
import type { Routing } from './routing.ts'

/** A shard as one state of the index sees it: the store may have been appended to since. */
export interface Shard extends ShardRows {
  readonly code: number
  readonly store: EngineShard
  readonly deadCount: number
}

/** What searches see. Never changed: a writer makes the next one and swaps it in. */
export interface State {
  /** Rises with every write. */
  readonly epoch: number
  readonly dim: number
  readonly shards: readonly Shard[]
  /** Level-1 code -> ordinal of its shard. */
  readonly ordinals: ReadonlyMap<number, number>
  /** `[shards, dim]`: codewords where a codebook was given, else the mean of the shard's rows. */
  readonly centroids: Float32Array
  /** `[shards, dim]`: mean squared distance of the rows from the centroid, per dimension. */
  readonly spreads: Float32Array
  /** Parallel to `shards`: what each holds, in groups. */
  readonly cells: readonly Cells[]
  /** Scores the shards for a query; shared with the states before and after. */
  readonly routing: Routing
  /** Live items. */
  readonly size: number
}

/** Rows of a shard that live. */
export function living(shard: Shard): number {
  return shard.length - shard.deadCount
}
