import { type Codebook, InvalidInputError, type ItemFilter } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'
import type { Merge } from './merge.ts'
import { milvusSchema } from './milvus/settings.ts'

/** A table, also of another copy of Arrow. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && 'schema' in value && 'getChild' in value && 'numRows' in value
}

function isCodebook(value: unknown): value is Codebook {
  return typeof value === 'object' && value !== null && 'levels' in value && Array.isArray(value.levels)
}

export const buildSchema = z.strictObject({
  /** Where vectors are kept and scanned. */
  engine: z.enum(['exact', 'faiss', 'milvus']).default('exact'),
  /** How rows are kept: float32, a byte a dimension, or (faiss only) a read-only graph. */
  storage: z.enum(['Flat', 'SQ8', 'HNSW']).default('Flat'),
  /** How many codes to train here; default: none where the embeddings have codes, else about sqrt(items) / 2. */
  codes: z.int().min(1).max(65535).optional(),
  /** Codewords that queries are routed by, where `probes` is more than 1; the mean of each shard where absent. */
  codebook: z.custom<Table | Codebook>((v) => isTable(v) || isCodebook(v), 'expected a codebook table').optional(),
  /** Seed of everything random: ties, and codes that are trained here. */
  seed: z.int().default(0),
  /** A shard is rewritten when more than this share of its rows is removed or moved, or joined after it was last put in order. */
  compactAt: z.number().gt(0).max(1).default(0.25),
  /** Where the milvus engine keeps its rows. */
  milvus: milvusSchema.optional(),
})

/** Options of `CodeShardedIndex.build`. */
export type BuildOptions = z.input<typeof buildSchema>

export const openSchema = z.strictObject({
  /** How to reach the server of an index whose rows are in Milvus; default: the address and collection that were saved. */
  milvus: milvusSchema.partial().optional(),
})

/** Options of `CodeShardedIndex.open`. */
export type OpenOptions = z.input<typeof openSchema>

export const searchSchema = z.strictObject({
  /** Length of each list; clamped to the catalogue. */
  k: z.int().nonnegative().default(50),
  /** Shards for each interest. */
  probes: z.number().positive().default(1),
  /** Default: `user`, but `interest` where `merge` is `budget`, the engine `milvus` or the storage `HNSW`. */
  routing: z.enum(['user', 'interest']).optional(),
  /** `probes`: the shards of the interests. `all`: every shard, the exact answer. */
  scope: z.enum(['probes', 'all']).default('probes'),
  /** Default: what the interests table says, else `mixture` where it has probabilities, else `max`. */
  merge: z.enum(['mixture', 'max', 'nearest', 'budget']).optional(),
  /** Candidates that are merged, in all: split over a user's interests by probability. */
  budget: z.int().positive().optional(),
  /** A queries table (its `seen`, else `history`), or items per row, that must not be found. */
  exclude: z.custom<Table | ArrayLike<number>[]>((value) => Array.isArray(value) || isTable(value)).optional(),
  /** Items that may be found. */
  filter: z
    .custom<ItemFilter>((v) => typeof v === 'function' || v instanceof Uint8Array || v instanceof Int32Array)
    .optional(),
})

/** Options of a search. */
export interface SearchOptions {
  /** Length of each list, 0 or more; clamped to the catalogue. Default 50. */
  k?: number
  /** Shards for each interest, or as many rows as they hold; parts of shards too, rounded up where whole ones are searched. Default 1. */
  probes?: number
  /**
   * `user`: the interests of a user look together into the parts of shards that are expected to hold most of the user's best
   * items, as many rows as `probes` shards for each interest hold. `interest`: each interest looks into its own code's shard
   * and `probes - 1` near ones; so does a query that has one interest only. Default `user`, but `interest` where `merge` is
   * `budget`, for the `milvus` engine, which is asked once for every part, and for graphs (`HNSW`), which have no parts.
   */
  routing?: 'user' | 'interest'
  /** `probes`: the shards of the interests. `all`: every shard, the exact answer. Default `probes`. */
  scope?: 'probes' | 'all'
  /**
   * How the candidates of several interests become one list. Default: what the interests table says, else `mixture` where it
   * has probabilities, else `max`.
   */
  merge?: Merge
  /** Candidates that are merged, in all: split over a user's interests by probability, by largest remainder. */
  budget?: number
  /** A queries table whose rows line up with the interests (its `seen`, else `history`), or lists of items. */
  exclude?: Table | ArrayLike<number>[]
  /** Items that may be found: row numbers, a mask, or a predicate; see `whereColumn`. */
  filter?: ItemFilter
}

/** Checks a filter and makes it a predicate. @throws InvalidInputError `ITEM_OUT_OF_RANGE`, `MASK_LENGTH` */
export function accepting(filter: ItemFilter | undefined, limit: number): ((item: number) => boolean) | undefined {
  if (filter === undefined || typeof filter === 'function') return filter
  if (filter instanceof Uint8Array) {
    if (filter.length >= limit) return (item) => filter[item] !== 0
    throw new InvalidInputError('MASK_LENGTH', {
      what: 'The filter mask does not cover the index',
      given: `${filter.length} entries`,
      allowed: `one entry for each row of the items table, ${limit} or more`,
      next: 'Build the mask from the items table that the embeddings were made from.',
    })
  }
  const allowed = new Set<number>()
  for (const item of filter) {
    if (item < 0) {
      throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
        what: 'The filter names a row that no items table has',
        given: item,
        allowed: 'row numbers, 0 or more',
        next: 'Look the ids up before filtering by them.',
      })
    }
    allowed.add(item)
  }
  return (item) => allowed.has(item)
}
