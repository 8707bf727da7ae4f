import type { Table } from 'apache-arrow'
import { checkLength } from './checks.ts'
import { column, ids, lists, optionalColumn, strings } from './columns.ts'
import { itemsKey } from './items-key.ts'
import { stringListColumn, tableOf, utf8Column } from './make-columns.ts'

/** The catalogue: row numbers are what all other tables call an item. It only ever grows; a row never changes its item. */
export interface Items {
  ids: string[]
  length: number
  /** Length and hash of the ids: what tables with row numbers carry as `sparc.items`. */
  key: string
  /** A text feature such as `title` or `brand`, null where unknown; undefined where the column is absent. */
  strings(name: string): (string | null)[] | undefined
  /** A list feature such as `categories`; undefined where the column is absent. */
  lists(name: string): string[][] | undefined
}

/** @example makeItems({ ids: ['B1', 'B2'], strings: { title: ['Soap', null] }, lists: { categories: [['Bath'], []] } }) */
export function makeItems(view: {
  ids: string[]
  strings?: Record<string, readonly (string | null)[]>
  lists?: Record<string, readonly (readonly string[])[]>
}): Table {
  const columns = [utf8Column('id', view.ids)]
  for (const [name, values] of Object.entries(view.strings ?? {})) {
    checkLength(values.length, view.ids.length, `column "${name}" of an items table`)
    columns.push(utf8Column(name, values))
  }
  for (const [name, values] of Object.entries(view.lists ?? {})) {
    checkLength(values.length, view.ids.length, `column "${name}" of an items table`)
    columns.push(stringListColumn(name, values))
  }
  return tableOf(columns, view.ids.length, { 'sparc.items': itemsKey(view.ids) })
}

export function readItems(table: Table): Items {
  const all = ids(column(table, 'id', 'items'))
  return {
    ids: all,
    length: all.length,
    key: itemsKey(all),
    strings(name) {
      const found = optionalColumn(table, name, 'items')
      return found && strings(found)
    },
    lists(name) {
      const found = optionalColumn(table, name, 'items')
      if (!found) return undefined
      const { offsets, values } = lists(found)
      const words = strings(values).map((word) => word ?? '')
      return Array.from({ length: all.length }, (_, r) => words.slice(offsets[r], offsets[r + 1]))
    },
  }
}
