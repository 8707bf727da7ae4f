import { type Csr, InvalidInputError } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { Catalogue } from './catalogue.ts'

/** What a slice may look at. */
export interface SliceContext {
  catalogue: Catalogue
  /** Known history of each case (what its model was shown). */
  history: Csr
  /** All known items of each case; at least as long as `history`. */
  seen: Csr
  targets: Csr
  cases: Table
}

/**
 * One group. `cases` (a mask over case rows): means are over those cases only. `targets` (a mask over items): only those
 * targets count, and means are over the cases that have one; such a group has no metrics of the list alone.
 */
export interface SliceGroup {
  name: string
  cases?: Uint8Array
  targets?: Uint8Array
}

/** Makes groups once the data is known. Write your own as a plain function. */
export type Slice = (context: SliceContext) => SliceGroup[]

/**
 * The long tail: targets outside of the first `floor(head * items)` by training count, ties in order of item row (first
 * appearance in the data). Empty without training data.
 */
export function longTail({ head = 0.2 }: { head?: number } = {}): Slice {
  return ({ catalogue }) => {
    if (!catalogue.hasTrain) return []
    const targets = new Uint8Array(catalogue.size).fill(1)
    for (const item of byPopularity(catalogue).subarray(0, Math.floor(head * catalogue.size))) targets[item] = 0
    return [{ name: 'long-tail', targets }]
  }
}

/** Items that nobody had in training. Empty without training data. */
export function newItems(): Slice {
  return ({ catalogue }) => {
    if (!catalogue.hasTrain) return []
    return [{ name: 'new-items', targets: Uint8Array.from(catalogue.counts, (count) => (count === 0 ? 1 : 0)) }]
  }
}

/** Targets by popularity: the items in order of training count, cut in equal groups; 1 is the most popular. */
export function popularityGroups({ groups = 10 }: { groups?: number } = {}): Slice {
  return ({ catalogue }) => {
    if (!catalogue.hasTrain) return []
    const order = byPopularity(catalogue)
    return Array.from({ length: groups }, (_, group) => {
      const targets = new Uint8Array(catalogue.size)
      const from = Math.floor((group * order.length) / groups)
      const to = Math.floor(((group + 1) * order.length) / groups)
      for (const item of order.subarray(from, to)) targets[item] = 1
      return { name: `popularity:${group + 1}`, targets }
    })
  }
}

/** Cases whose whole sequence (everything known and the targets) has `min` to `max` interactions. */
export function coldUsers({ min = 5, max = 10 }: { min?: number; max?: number } = {}): Slice {
  return ({ seen, targets }) => {
    const length = (row: number) => size(seen, row) + size(targets, row)
    return [{ name: 'cold-users', cases: mask(targets, (row) => length(row) >= min && length(row) <= max) }]
  }
}

/** Cases of which at most `max` interactions are known. */
export function shortHistory(max = 4): Slice {
  return ({ seen }) => [{ name: `history<=${max}`, cases: mask(seen, (row) => size(seen, row) <= max) }]
}

/** Cases by how many interactions are known; `from` are the lower ends of the groups, ascending. */
export function historyLength(from: number[] = [0, 5, 10, 20]): Slice {
  return ({ seen }) =>
    from.map((low, i) => {
      const high = (from[i + 1] ?? Number.POSITIVE_INFINITY) - 1
      const range = high === Number.POSITIVE_INFINITY ? `${low}+` : low === high ? `${low}` : `${low}-${high}`
      const inside = (row: number) => size(seen, row) >= low && size(seen, row) <= high
      return { name: `history:${range}`, cases: mask(seen, inside) }
    })
}

/**
 * Targets by a column of the items table: one group for each of the `top` values that most items have. A list column
 * (categories from root to leaf) counts by its value at `level`, 0 being the root.
 * @throws InvalidInputError MISSING_COLUMN
 */
export function itemColumn(name: string, { level = 0, top = 10 }: { level?: number; top?: number } = {}): Slice {
  return ({ catalogue }) => {
    const column = catalogue.column(name)
    if (!column) throw missing(name, 'items')
    const values = column.map((value) => (Array.isArray(value) ? value.at(level) : value))
    return common(values, top).map((value) => ({
      name: `${name}:${value}`,
      targets: Uint8Array.from(values, (other) => (other === value ? 1 : 0)),
    }))
  }
}

/** Targets by category: `itemColumn('categories')`. */
export function category(options: { level?: number; top?: number } = {}): Slice {
  return itemColumn('categories', options)
}

/**
 * Cases by any column of the cases table: one group for each of the `top` commonest values.
 * @throws InvalidInputError MISSING_COLUMN
 */
export function caseColumn(name: string, { top = 10 }: { top?: number } = {}): Slice {
  return ({ cases, targets }) => {
    const column = cases.getChild(name)
    if (!column) throw missing(name, 'cases')
    const values = Array.from(column, (value) => (value === null || value === undefined ? undefined : String(value)))
    return common(values, top).map((value) => ({
      name: `${name}:${value}`,
      cases: mask(targets, (row) => values[row] === value),
    }))
  }
}

/** The slices that every report has unless told otherwise: long tail, cold users, histories of at most 4. */
export function standardSlices(): Slice[] {
  return [longTail(), coldUsers(), shortHistory()]
}

function size(rows: Csr, row: number): number {
  return rows.offsets[row + 1] - rows.offsets[row]
}

function mask(rows: Csr, inside: (row: number) => boolean): Uint8Array {
  const mask = new Uint8Array(rows.offsets.length - 1)
  for (let row = 0; row < mask.length; row++) if (inside(row)) mask[row] = 1
  return mask
}

/** Items by training count, most popular first, ties by row. */
function byPopularity({ counts }: Catalogue): Int32Array {
  return Int32Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b)
}

function common(values: (string | null | undefined)[], top: number): string[] {
  const counts = new Map<string, number>()
  for (const value of values) {
    if (value !== null && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, top)
    .map(([value]) => value)
}

function missing(name: string, table: string): InvalidInputError {
  return new InvalidInputError('MISSING_COLUMN', {
    what: `A slice asks for a column that the ${table} table does not have`,
    given: name,
    next: `Add the column to the ${table} table, or slice by another`,
  })
}
