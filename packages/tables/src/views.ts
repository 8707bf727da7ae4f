import { InvalidInputError } from './errors.ts'

/** A list column as a compressed sparse row matrix: row `r` is `values[offsets[r] .. offsets[r + 1])`. */
export interface Csr {
  /** `[rows + 1]`, beginning at 0 and never falling. */
  offsets: Int32Array
  /** `[offsets[rows]]` */
  values: Int32Array
}

/** A dense matrix, row major: row `r` is `data[r * dim .. (r + 1) * dim)`. */
export interface Matrix {
  /** `[rows * dim]` */
  data: Float32Array
  rows: number
  dim: number
}

/** How two vectors make a score: `scale * dot(u, v)`; `cosine` says that the vectors have been normalised. */
export interface Score {
  metric: 'dot' | 'cosine'
  scale: number
}

/** What may be recommended: allowed items, a mask over the catalogue (1 = allowed), or a predicate. */
export type ItemFilter = Int32Array | Uint8Array | ((item: number) => boolean)

/** Builds a `Csr` from nested arrays. @example csr([[1, 2], [], [3]]) */
export function csr(rows: ArrayLike<ArrayLike<number>>): Csr {
  const offsets = new Int32Array(rows.length + 1)
  for (let r = 0; r < rows.length; r++) offsets[r + 1] = offsets[r] + rows[r].length
  const values = new Int32Array(offsets[rows.length])
  for (let r = 0; r < rows.length; r++) values.set(rows[r], offsets[r])
  return { offsets, values }
}

/** Row `r` of a `Csr`, without copying. */
export function row(matrix: Csr, r: number): Int32Array {
  return matrix.values.subarray(matrix.offsets[r], matrix.offsets[r + 1])
}

/** A filter as a mask over the catalogue. @throws InvalidInputError `INVALID_FILTER`, `ITEM_OUT_OF_RANGE`, `MASK_LENGTH` */
export function toMask(filter: ItemFilter, items: number): Uint8Array {
  if (filter instanceof Uint8Array) {
    if (filter.length === items) return filter
    throw new InvalidInputError('MASK_LENGTH', {
      what: 'The filter mask does not cover the catalogue',
      given: `${filter.length} entries`,
      allowed: `one entry per item, ${items}`,
      next: 'Build the mask from the items table that the model was fitted on.',
    })
  }
  const mask = new Uint8Array(items)
  if (typeof filter === 'function') {
    for (let item = 0; item < items; item++) if (filter(item)) mask[item] = 1
    return mask
  }
  if (!(filter instanceof Int32Array)) {
    throw new InvalidInputError('INVALID_FILTER', {
      what: 'The filter is nothing that items can be told by',
      given: filter,
      allowed: 'an Int32Array of row numbers, a Uint8Array with 1 for each allowed item, or a function of a row number',
      next: 'Pass for example Int32Array.of(3, 5), or (item) => item < 100.',
    })
  }
  for (const item of filter) {
    if (item < 0 || item >= items) {
      throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
        what: 'The filter names an item that the catalogue does not have',
        given: item,
        allowed: `row numbers of the items table, 0 to ${items - 1}`,
        next: 'Build the filter from the items table that the model was fitted on.',
      })
    }
    mask[item] = 1
  }
  return mask
}
