import type { Random } from '@sparc/tables'
import { type AdamStep, adamRows, createMoments, type Moments } from './training/adam.ts'

/**
 * Catalogue-sized parameters, kept outside of automatic differentiation: a step gathers the rows it needs, and updates
 * those rows only. The cost of a step is that of its batch, whatever the length of the catalogue.
 */
export interface EmbeddingTable {
  readonly rows: number
  readonly dim: number
  /** `[rows * dim]`, row major. */
  readonly values: Float32Array
  /** Adam's running means; made at the first update. */
  moments: Moments | undefined
  /** Copies `count` rows into `out` `[count, dim]`; row -1 is all zeros. */
  gather(rows: Int32Array, count: number, out: Float32Array): void
  /**
   * Adam on `count` rows, each at most once in `rows`, with the gradient `[count, dim]`; row -1 is left out.
   * Rows that are not named keep their moments as they are (torch's SparseAdam).
   */
  update(rows: Int32Array, count: number, gradient: Float32Array, step: AdamStep): void
}

/**
 * An embedding table with normally distributed rows.
 *
 * @param scale standard deviation of the initial values
 *
 * @example
 * const table = createEmbeddingTable(20_000, 64, { random: random(1), scale: 0.05 })
 */
export function createEmbeddingTable(
  rows: number,
  dim: number,
  { random, scale = 0.05, values }: { random: Random; scale?: number; values?: Float32Array },
): EmbeddingTable {
  const data = values ?? new Float32Array(rows * dim)
  if (!values) for (let i = 0; i < data.length; i++) data[i] = random.normal() * scale
  const table: EmbeddingTable = {
    rows,
    dim,
    values: data,
    moments: undefined,
    gather(wanted, count, out) {
      for (let r = 0; r < count; r++) {
        const to = r * dim
        if (wanted[r] < 0) {
          out.fill(0, to, to + dim)
          continue
        }
        const from = wanted[r] * dim
        out.set(data.subarray(from, from + dim), to)
      }
    },
    update(named, count, gradient, step) {
      table.moments ??= createMoments(data.length)
      adamRows(data, table.moments, named, count, dim, gradient, step)
    },
  }
  return table
}
