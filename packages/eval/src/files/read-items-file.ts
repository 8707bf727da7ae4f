import { InvalidFileError, makeItems } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { type ColumnNames, readCsv } from './csv-file.ts'

/** What the columns of an items file may be called. */
export const itemColumns: ColumnNames = { item: ['item', 'id', 'item_id', 'itemId', 'itemid', 'asin', 'parent_asin'] }

/**
 * Reads a CSV of items: an id and any features. `categories` is a path from root to leaf, separated by `|`.
 * @throws InvalidFileError MISSING_COLUMN
 */
export async function readItemsFile(path: string, columns: ColumnNames): Promise<{ ids: string[]; table: Table }> {
  const ids: string[] = []
  const strings: Record<string, (string | null)[]> = {}
  const categories: string[][] = []
  let hasCategories = false
  for await (const { fields, all } of readCsv(path, columns)) {
    const { item } = fields
    if (item === undefined) {
      throw new InvalidFileError('MISSING_COLUMN', {
        what: `${path} has no column of the item`,
        given: Object.keys(all).join(', '),
        allowed: columns.item.join(', '),
        next: "Say which one it is: columns: { item: '...' }, on the command line --columns item=...",
      })
    }
    ids.push(item)
    for (const [name, value] of Object.entries(all)) {
      if (columns.item.includes(name)) continue
      if (name === 'categories') {
        hasCategories = true
        categories.push(value.split('|').filter((part) => part !== ''))
        continue
      }
      strings[name] ??= []
      strings[name].push(value === '' ? null : value)
    }
  }
  return { ids, table: makeItems({ ids, strings, lists: hasCategories ? { categories } : {} }) }
}
