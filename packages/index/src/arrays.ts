import { type Embeddings, type Interests, InvalidInputError, type Score } from '@sparc/tables'

function rowsOf(vectors: Float32Array, dim: number): number {
  if (Number.isInteger(dim) && dim > 0 && vectors.length % dim === 0) return vectors.length / dim
  throw new InvalidInputError('DIMENSION', {
    what: 'The vectors do not come in rows of this dimension',
    given: `${vectors.length} values, dimension ${dim}`,
    allowed: 'a number of values that is a multiple of the dimension',
    next: 'Check the dimension.',
  })
}

const DOT: Score = { metric: 'dot', scale: 1 }

/**
 * Embeddings from plain arrays, for those who have no Arrow table.
 *
 * @param vectors `[rows, dim]`, row major
 * @param ids default: the row numbers
 * @param codes `[rows]`, the level-1 code of each row; an index trains its own where absent
 *
 * @example CodeShardedIndex.build(embeddingsFrom({ vectors, dim: 64 }))
 */
export function embeddingsFrom(options: {
  vectors: Float32Array
  dim: number
  ids?: string[]
  codes?: Uint16Array
  score?: Score
}): Embeddings {
  const { vectors, dim, codes, score = DOT } = options
  const rows = rowsOf(vectors, dim)
  const items = Int32Array.from({ length: rows }, (_, r) => r)
  return {
    items,
    ids: options.ids ?? Array.from(items, String),
    vectors: { data: vectors, rows, dim },
    codes: codes && { levels: 1, data: codes },
    score,
  }
}

/**
 * Queries of one vector each, from plain arrays.
 *
 * @param vectors `[queries, dim]`, row major
 * @param codes `[queries]`; routed by vector where absent
 *
 * @example await index.find(interestsFrom({ vectors: query, dim: 64 }), { k: 10, probes: 4 })
 */
export function interestsFrom(options: {
  vectors: Float32Array
  dim: number
  codes?: Uint16Array
  score?: Score
}): Interests {
  const { vectors, dim, codes, score = DOT } = options
  const rows = rowsOf(vectors, dim)
  return {
    users: Array.from({ length: rows }, (_, r) => String(r)),
    offsets: Int32Array.from({ length: rows + 1 }, (_, r) => r),
    vectors: { data: vectors, rows, dim },
    codes,
    score,
  }
}
