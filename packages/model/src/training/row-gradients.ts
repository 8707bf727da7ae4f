import type { EmbeddingTable } from '../embedding-table.ts'
import { createLocator } from './locator.ts'

/** Gradients of one step by item. Its arrays are reused by the next step. */
export interface RowGradients {
  /** Distinct items of the batch; the first stands for the padding, -1. */
  items: Int32Array
  count: number
  /** `[count, dim]` */
  sums: Float32Array
}

/** Adds up the gradients of places in a batch, `[places, dim]` each, by the item that stands there. */
export function createRowGradients({ rows, dim }: Pick<EmbeddingTable, 'rows' | 'dim'>): {
  add(parts: readonly (readonly [items: Int32Array, gradient: Float32Array | undefined])[]): RowGradients
} {
  const locator = createLocator(rows)
  let local = new Int32Array(0)
  let sums = new Float32Array(0)
  return {
    add(parts) {
      locator.begin()
      const places = parts.reduce((length, [items]) => length + items.length, 0)
      if (local.length < places) local = new Int32Array(places)
      let at = 0
      for (const [items] of parts) {
        locator.locate(items, local.subarray(at, at + items.length))
        at += items.length
      }
      const { count } = locator
      if (sums.length < count * dim) sums = new Float32Array(Math.ceil(1.25 * count * dim))
      sums.fill(0, 0, count * dim)
      at = 0
      for (const [items, gradient] of parts) {
        if (gradient) addRows(sums, local, at, items.length, dim, gradient)
        at += items.length
      }
      return { items: locator.rows, count, sums: sums.subarray(0, count * dim) }
    },
  }
}

function addRows(sums: Float32Array, local: Int32Array, at: number, count: number, dim: number, rows: Float32Array) {
  for (let r = 0, i = 0; r < count; r++) {
    const start = local[at + r] * dim
    // The padding has no row.
    if (start === 0) i += dim
    else for (let j = start; j < start + dim; j++, i++) sums[j] += rows[i]
  }
}
