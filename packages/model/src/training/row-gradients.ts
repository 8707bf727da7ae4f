import type { EmbeddingTable } from '../embedding-table.ts'
import { createRowSums } from '../row-sums.ts'
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
  const rowSums = createRowSums(dim)
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
      rowSums.begin(count)
      at = 0
      for (const [items, gradient] of parts) {
        if (gradient) rowSums.add(local.subarray(at, at + items.length), gradient)
        at += items.length
      }
      return { items: locator.rows, count, sums: rowSums.sums() }
    },
  }
}
