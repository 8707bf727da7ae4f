import type { Collector } from './collector.ts'
import type { ScalarQuantizer } from './exact/scalar-quantizer.ts'

/** How the rows of a shard are kept. `Flat`: float32. `SQ8`: one byte a dimension. `HNSW`: a graph, read-only (faiss). */
export type Storage = 'Flat' | 'SQ8' | 'HNSW'

/** The rows of a shard that a search may see: a snapshot, so that a writer may append behind it. */
export interface ShardRows {
  /** Number of the shard in the state of the index. */
  ordinal: number
  /** `[length]` or longer: the item of each row. */
  items: Int32Array
  /** Rows before this one are not looked at; 0 where absent. */
  from?: number
  /** Rows from here on are not looked at, or were appended later. */
  length: number
  /** 1 = removed or moved away; absent where every row lives. */
  dead?: Uint8Array
}

/** Query vectors that are searched together, each with the collector of its candidates. */
export interface Batch {
  dim: number
  /** `[queries, dim]`, row major */
  vectors: Float32Array
  collectors: Collector[]
  /** Every row counts: what only finds most of them must not be asked. */
  exact?: boolean
}

/** The rows of one code in one engine. Rows are numbered in the order in which they were appended. */
export interface EngineShard {
  /** Rows appended so far. */
  length(): number
  /** Loads what is still on disk; undefined where nothing is. */
  ready?(): Promise<void> | undefined
  /** Appends rows, `[count, dim]` row major; `items` are their item numbers. */
  append(vectors: Float32Array, items: Int32Array): void | Promise<void>
  /**
   * Offers to `batch.collectors[m]`, for each member `m`, every live row whose dot product with `batch.vectors[m]` is
   * at or above the collector's threshold, with a dot product that is off by at most `Engine.margin`.
   */
  scan(rows: ShardRows, batch: Batch, members: readonly number[]): void | Promise<void>
  /** The vectors of rows, `[rows, dim]`, where they live on another machine: there `read` can't be used. */
  fetch?(rows: Int32Array): Promise<Float32Array>
  /** Writes a row's vector, `[dim]`, to `out[at]`. */
  read(row: number, out: Float32Array, at: number): void
  /** Memory that the shard holds, in bytes. */
  bytes(): number
  /** Number under which another machine keeps the rows. */
  store?(): number
  /** Frees the rows. Nothing may be asked of the shard afterwards. */
  release(): void | Promise<void>
}

/** Where vectors are kept and scanned. */
export interface Engine {
  readonly name: 'exact' | 'faiss' | 'milvus'
  readonly storage: Storage
  /** True where rows can be put in once, at building. */
  readonly readOnly?: boolean
  /** A new, empty shard for a level-1 code, or one that another machine keeps under a number. */
  shard(code: number, store?: number): EngineShard
  /** A bound of the error of the dot products that `scan` offers for the query at `vectors[at]`. */
  margin(vectors: Float32Array, at: number): number
  /** How bytes stand for values, where storage is `SQ8`. */
  quantizer?(): ScalarQuantizer | undefined
  /** Length of the longest vector so far. */
  longest(): number
  /** Where the rows are, if on another machine. */
  remote?(): { address: string; collection: string }
  close(): void | Promise<void>
}
