import type { Table } from 'apache-arrow'
import { checkFinite, checkLength, checkRange } from './checks.ts'
import { type Column, column, fixedLists, float32s, ids, int32s, lists, optionalColumn, uint16s } from './columns.ts'
import { InvalidInputError } from './errors.ts'
import { csrColumn, itemLists, itemsKeyOf } from './interactions.ts'
import {
  fixedListData,
  float32Data,
  int32Column,
  listColumn,
  tableOf,
  uint8Data,
  uint16Data,
  utf8Column,
} from './make-columns.ts'
import type { Csr, Matrix, Score } from './views.ts'

/** Item vectors, with the codes that a quantizer gave them. */
export interface Embeddings {
  /** `[rows]`, a row of the items table */
  items: Int32Array
  ids: string[]
  vectors: Matrix
  /** `[rows, levels]`, row major */
  codes?: { levels: number; data: Uint16Array }
  score: Score
  itemsKey?: string
}

/** The codewords of each level of a quantizer, and how many items carry each. */
export interface Codebook {
  levels: { vectors: Matrix; counts: Int32Array }[]
}

const MERGES = ['mixture', 'max', 'nearest'] as const

/**
 * How the scores of several interests become one. `mixture`: `log sum_c p_c exp(scale u_c . v)`. `max`: `max_c (log p_c + scale u_c . v)`.
 * `nearest`: `max_c scale u_c . v`, however likely the interest is.
 */
export type InterestMerge = (typeof MERGES)[number]

/** The vectors of each query's interests. */
export interface Interests {
  users: string[]
  /** `[users + 1]`: row `r` has the interests `offsets[r] .. offsets[r + 1])` */
  offsets: Int32Array
  /** `[interests, dim]` */
  vectors: Matrix
  /** `[interests]`, the level-1 code of each */
  codes?: Uint16Array
  /** `[interests]`, each query's sum to at most 1 */
  probabilities?: Float32Array
  score: Score
  /** How the model that made them ranks items; what a search does by default. */
  merge?: InterestMerge
  /** The first vector of each query stands for the whole user, not for one interest; its code is the nearest. */
  generalFirst?: boolean
  itemsKey?: string
}

/** What was recommended to each query: best first. */
export interface Recommendations {
  users: string[]
  items: Csr
  /** Parallel to `items.values`. */
  scores: Float32Array
  /** Parallel to `items.values`: the interest that scored each item best. */
  codes?: Uint16Array
  itemsKey?: string
}

function scoreMetadata(score: Score): Record<string, string> {
  return { 'sparc.metric': score.metric, 'sparc.scale': String(score.scale) }
}

/** Tables from elsewhere, without metadata, are scored by the plain dot product. */
function readScore(table: Table, kind: string): Score {
  const metric = table.schema.metadata.get('sparc.metric') ?? 'dot'
  const scale = Number(table.schema.metadata.get('sparc.scale') ?? 1)
  if ((metric === 'dot' || metric === 'cosine') && scale > 0 && Number.isFinite(scale)) return { metric, scale }
  throw new InvalidInputError('SCORE_METADATA', {
    what: `Unknown score in the metadata of the ${kind} table`,
    given: { 'sparc.metric': metric, 'sparc.scale': table.schema.metadata.get('sparc.scale') },
    allowed: 'sparc.metric dot or cosine, sparc.scale a positive number',
    next: 'Correct the metadata where the table is made.',
  })
}

function readMerge(table: Table): InterestMerge | undefined {
  const given = table.schema.metadata.get('sparc.merge')
  const merge = MERGES.find((name) => name === given)
  if (given === undefined || merge) return merge
  throw new InvalidInputError('SCORE_METADATA', {
    what: 'Unknown merge in the metadata of the interests table',
    given: { 'sparc.merge': given },
    allowed: `sparc.merge ${MERGES.join(', ')}, or none`,
    next: 'Correct the metadata where the table is made.',
  })
}

function matrix(source: Column): Matrix {
  const { width, values } = fixedLists(source)
  const data = float32s(values)
  checkFinite(data, width, source.where)
  return { data, rows: width === 0 ? 0 : data.length / width, dim: width }
}

function checkMatrix({ data, rows, dim }: Matrix, length: number, what: string): void {
  checkLength(rows, length, `${what} (rows)`)
  checkLength(data.length, rows * dim, `${what} (values)`)
  checkFinite(data, dim, what)
}

export function makeEmbeddings(view: Embeddings): Table {
  const rows = view.items.length
  checkMatrix(view.vectors, rows, 'the vectors of an embeddings table')
  checkLength(view.ids.length, rows, 'the ids of an embeddings table')
  const columns = [
    int32Column('item', view.items),
    utf8Column('id', view.ids),
    { name: 'vector', data: fixedListData(view.vectors.dim, float32Data(view.vectors.data)) },
  ]
  if (view.codes) {
    checkLength(view.codes.data.length, rows * view.codes.levels, 'the codes of an embeddings table')
    columns.push({ name: 'codes', data: fixedListData(view.codes.levels, uint16Data(view.codes.data)) })
  }
  return tableOf(columns, rows, { 'sparc.items': view.itemsKey, ...scoreMetadata(view.score) })
}

/** @throws InvalidInputError where a column is missing or of the wrong type, or a value is not finite */
export function readEmbeddings(table: Table): Embeddings {
  const kind = 'embeddings'
  const items = int32s(column(table, 'item', kind))
  checkRange(items, Number.POSITIVE_INFINITY, 'column "item" of the embeddings table')
  const source = optionalColumn(table, 'codes', kind)
  const codes = source && fixedLists(source)
  return {
    items,
    ids: ids(column(table, 'id', kind)),
    vectors: matrix(column(table, 'vector', kind)),
    codes: codes && { levels: codes.width, data: uint16s(codes.values) },
    score: readScore(table, kind),
    itemsKey: itemsKeyOf(table),
  }
}

/** One row per codeword, level by level. */
export function makeCodebook(view: Codebook): Table {
  const rows = view.levels.reduce((sum, level) => sum + level.vectors.rows, 0)
  const dim = view.levels[0]?.vectors.dim ?? 0
  const levels = new Int32Array(rows)
  const codes = new Int32Array(rows)
  const counts = new Int32Array(rows)
  const vectors = new Float32Array(rows * dim)
  let at = 0
  for (const [l, level] of view.levels.entries()) {
    checkMatrix(level.vectors, level.counts.length, `level ${l} of a codebook`)
    checkLength(level.vectors.dim, dim, `a codeword of level ${l}`)
    vectors.set(level.vectors.data, at * dim)
    counts.set(level.counts, at)
    for (let c = 0; c < level.counts.length; c++, at++) {
      levels[at] = l
      codes[at] = c
    }
  }
  const columns = [
    { name: 'level', data: uint8Data(Uint8Array.from(levels)) },
    { name: 'code', data: uint16Data(Uint16Array.from(codes)) },
    { name: 'vector', data: fixedListData(dim, float32Data(vectors)) },
    int32Column('count', counts),
  ]
  return tableOf(columns, rows, {})
}

export function readCodebook(table: Table): Codebook {
  const kind = 'codebook'
  const levels = uint16s(column(table, 'level', kind))
  const codes = uint16s(column(table, 'code', kind))
  const counts = int32s(column(table, 'count', kind))
  const { data, dim } = matrix(column(table, 'vector', kind))
  const sizes: number[] = []
  for (let r = 0; r < levels.length; r++) sizes[levels[r]] = Math.max(sizes[levels[r]] ?? 0, codes[r] + 1)
  const view: Codebook = {
    levels: Array.from(sizes, (size) => ({
      vectors: { data: new Float32Array((size ?? 0) * dim), rows: size ?? 0, dim },
      counts: new Int32Array(size ?? 0),
    })),
  }
  checkLength(
    levels.length,
    sizes.reduce((sum, size) => sum + (size ?? 0), 0),
    'the codebook table (each code of each level once)',
  )
  for (let r = 0; r < levels.length; r++) {
    const level = view.levels[levels[r]]
    level.counts[codes[r]] = counts[r]
    level.vectors.data.set(data.subarray(r * dim, (r + 1) * dim), codes[r] * dim)
  }
  return view
}

export function makeInterests(view: Interests): Table {
  const rows = view.users.length
  checkLength(view.offsets.length, rows + 1, 'the offsets of an interests table')
  checkMatrix(view.vectors, view.offsets[rows], 'the vectors of an interests table')
  const columns = [
    utf8Column('user', view.users),
    listColumn('vector', view.offsets, fixedListData(view.vectors.dim, float32Data(view.vectors.data))),
  ]
  if (view.codes) {
    checkLength(view.codes.length, view.vectors.rows, 'the codes of an interests table')
    columns.push(listColumn('code', view.offsets, uint16Data(view.codes)))
  }
  if (view.probabilities) {
    checkLength(view.probabilities.length, view.vectors.rows, 'the probabilities of an interests table')
    columns.push(listColumn('probability', view.offsets, float32Data(view.probabilities)))
  }
  const metadata = {
    'sparc.items': view.itemsKey,
    ...scoreMetadata(view.score),
    'sparc.merge': view.merge,
    'sparc.general': view.generalFirst ? 'first' : undefined,
  }
  return tableOf(columns, rows, metadata)
}

export function readInterests(table: Table): Interests {
  const kind = 'interests'
  const { offsets, values } = lists(column(table, 'vector', kind))
  const vectors = matrix(values)
  const code = optionalColumn(table, 'code', kind)
  const probability = optionalColumn(table, 'probability', kind)
  const codes = code && uint16s(lists(code).values)
  const probabilities = probability && float32s(lists(probability).values)
  if (codes) checkLength(codes.length, vectors.rows, 'column "code" of the interests table')
  if (probabilities) {
    checkLength(probabilities.length, vectors.rows, 'column "probability" of the interests table')
    checkFinite(probabilities, 1, 'column "probability" of the interests table')
  }
  const users = ids(column(table, 'user', kind))
  const about = { score: readScore(table, kind), merge: readMerge(table), itemsKey: itemsKeyOf(table) }
  const generalFirst = table.schema.metadata.get('sparc.general') === 'first' || undefined
  return { users, offsets, vectors, codes, probabilities, ...about, generalFirst }
}

export function makeRecommendations(view: Recommendations): Table {
  checkLength(view.scores.length, view.items.values.length, 'the scores of a recommendations table')
  const columns = [
    utf8Column('user', view.users),
    csrColumn('items', view.items),
    listColumn('scores', view.items.offsets, float32Data(view.scores)),
  ]
  if (view.codes) columns.push(listColumn('codes', view.items.offsets, uint16Data(view.codes)))
  return tableOf(columns, view.users.length, { 'sparc.items': view.itemsKey })
}

export function readRecommendations(table: Table): Recommendations {
  const kind = 'recommendations'
  const items = itemLists(column(table, 'items', kind))
  const scores = float32s(lists(column(table, 'scores', kind)).values)
  checkLength(scores.length, items.values.length, 'column "scores" of the recommendations table')
  const code = optionalColumn(table, 'codes', kind)
  return {
    users: ids(column(table, 'user', kind)),
    items,
    scores,
    codes: code && uint16s(lists(code).values),
    itemsKey: itemsKeyOf(table),
  }
}
