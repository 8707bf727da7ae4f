import { assignCodes, trainCodes } from './train-codes.ts'

/**
 * The rows of a shard in groups of neighbours, which lie one after the other: a search of a user with several interests
 * looks into these, not into whole shards. The first groups are found by k-means when a shard is made or rewritten; rows
 * that join it later are the last group, until there are so many that the shard is rewritten.
 */
export interface Cells {
  /** `[cells, dim]`: the mean of the rows of each group */
  readonly centres: Float32Array
  /** `[cells]`: mean squared distance of the rows of a group from its mean, per dimension */
  readonly spreads: Float64Array
  /** `[cells]`: the row after the last one of each group; the first begins at row 0 */
  readonly ends: Int32Array
  /** Rows from here on are in the group of those that joined later. */
  readonly sorted: number
}

export const NO_CELLS: Cells = {
  centres: new Float32Array(0),
  spreads: new Float64Array(0),
  ends: new Int32Array(0),
  sorted: 0,
}

/** More groups in one shard would take long to find. */
const MOST_CELLS = 128
/** Fewer rows are not worth a group: the kernel scans them in blocks of 16. */
const FEWEST = 16
/** Rows a group that k-means looks at, and how often. */
const SAMPLED = 32
const ITERATIONS = 6

/** Rows a group: so that a catalogue of n items, some thousands or more, has `4 sqrt(n)` groups, as many as inverted files usually have lists. */
function rowsPerCell(catalogue: number): number {
  return Math.max(FEWEST, Math.sqrt(catalogue) / 4)
}

/**
 * Groups rows, `[rows, dim]`.
 *
 * @param catalogue items of the whole index
 * @param base rows that lie before these, all dead
 * @returns the groups, and the order in which the rows have to be put
 */
export function groupRows(
  vectors: Float32Array,
  dim: number,
  catalogue: number,
  base = 0,
): { cells: Cells; order: Int32Array } {
  const rows = dim > 0 ? vectors.length / dim : 0
  if (rows === 0) return { cells: NO_CELLS, order: new Int32Array(0) }
  const count = Math.min(MOST_CELLS, Math.max(1, Math.round(rows / rowsPerCell(catalogue))))
  const trained = trainCodes(vectors, dim, count, 0, { rowsPerCode: SAMPLED, iterations: ITERATIONS })
  const groups = assignCodes(trained, vectors, dim)
  const sizes = new Int32Array(count)
  for (const group of groups) sizes[group]++
  const starts = new Int32Array(count)
  for (let group = 1; group < count; group++) starts[group] = starts[group - 1] + sizes[group - 1]
  const order = new Int32Array(rows)
  const next = starts.slice()
  for (let r = 0; r < rows; r++) order[next[groups[r]]++] = r
  const filled = Array.from(sizes.keys()).filter((group) => sizes[group] > 0)
  const centres = new Float32Array(filled.length * dim)
  const spreads = new Float64Array(filled.length)
  const ends = new Int32Array(filled.length)
  for (const [cell, group] of filled.entries()) {
    const own = order.subarray(starts[group], starts[group] + sizes[group])
    const { mean, spread } = momentsOf(vectors, dim, own)
    centres.set(mean, cell * dim)
    spreads[cell] = spread
    ends[cell] = base + starts[group] + sizes[group]
  }
  return { cells: { centres, spreads, ends, sorted: base + rows }, order }
}

/** Mean of some rows, and their mean squared distance from it, per dimension. */
function momentsOf(vectors: Float32Array, dim: number, rows: Int32Array): { mean: Float64Array; spread: number } {
  const mean = new Float64Array(dim)
  for (const r of rows) for (let d = 0, at = r * dim; d < dim; d++, at++) mean[d] += vectors[at]
  for (let d = 0; d < dim; d++) mean[d] /= rows.length
  let squares = 0
  for (const r of rows) for (let d = 0, at = r * dim; d < dim; d++, at++) squares += (vectors[at] - mean[d]) ** 2
  return { mean, spread: squares / rows.length / dim }
}

/** The groups of a shard that these rows joined, at its end. */
export function withJoined(cells: Cells, vectors: Float32Array, dim: number, length: number): Cells {
  const { ends, sorted } = cells
  const last = ends.length - 1
  const begun = last >= 0 && ends[last] > sorted
  const kept = begun ? last : last + 1
  const before = begun ? ends[kept] - sorted : 0
  const joining = vectors.length / dim
  const share = joining / (before + joining)
  const { mean, spread } = momentsOf(
    vectors,
    dim,
    Int32Array.from({ length: joining }, (_, r) => r),
  )
  const centres = new Float32Array((kept + 1) * dim)
  centres.set(cells.centres)
  // Two sets as one (Chan, Golub, LeVeque 1979): the spread within each, and what their means are apart.
  let apart = 0
  for (let d = 0, at = kept * dim; d < dim; d++, at++) {
    const step = mean[d] - centres[at]
    apart += step ** 2
    centres[at] += share * step
  }
  const within = (1 - share) * (begun ? cells.spreads[kept] : 0) + share * spread
  const joined = within + (share * (1 - share) * apart) / dim
  return {
    centres,
    spreads: Float64Array.of(...cells.spreads.subarray(0, kept), joined),
    ends: Int32Array.of(...ends.subarray(0, kept), length),
    sorted,
  }
}
