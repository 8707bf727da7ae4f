import type { BrokenLines } from './broken-lines.ts'
import { type Database, identifier } from './duckdb.ts'

/** What is known of the items, one entry per item. */
export interface ItemFeatures {
  strings?: Record<string, (string | null)[]>
  lists?: Record<string, string[][]>
  /** Lines of their file that could not be read. */
  broken?: BrokenLines
}

/**
 * Reads features from `table` (column `item` and any others) in the order of `ids`. Columns named in `lists` hold
 * lists; an item that the table does not know has nulls and empty lists.
 */
export async function readFeatures(
  db: Database,
  table: string,
  ids: string[],
  columns: readonly string[],
  lists: readonly string[],
): Promise<ItemFeatures> {
  const rowOf = new Map(ids.map((id, row) => [id, row]))
  const texts = columns.filter((column) => !lists.includes(column))
  const features = {
    strings: Object.fromEntries(texts.map((column) => [column, new Array<string | null>(ids.length).fill(null)])),
    lists: Object.fromEntries(lists.map((column) => [column, ids.map((): string[] => [])])),
  }
  const selected = ['item', ...texts, ...lists].map(identifier).join(', ')
  await db.each(`SELECT ${selected} FROM ${table}`, (_, cell) => {
    const row = rowOf.get(String(cell(0)))
    if (row === undefined) return
    texts.forEach((column, c) => {
      const value = cell(1 + c)
      features.strings[column][row] = value === null ? null : String(value)
    })
    lists.forEach((column, c) => {
      const value = cell(1 + texts.length + c)
      if (Array.isArray(value)) features.lists[column][row] = value.filter((word) => word !== null).map(String)
    })
  })
  return features
}
