import type { Table } from 'apache-arrow'
import { checkTable } from './check-table.ts'
import { checkCsr, checkLength, checkRange } from './checks.ts'
import { type Column, column, ids, int32s, lists, milliseconds, numberedIds, optionalColumn } from './columns.ts'
import {
  dictionaryColumn,
  int32Column,
  int32Data,
  listColumn,
  type MadeColumn,
  tableOf,
  timestampData,
  utf8Column,
} from './make-columns.ts'
import type { Csr } from './views.ts'

/** Who used what, and when: one row per event. */
export interface Interactions {
  /** Distinct user ids. */
  userIds: string[]
  /** `[rows]`, a row of `userIds` */
  users: Int32Array
  /** `[rows]`, a row of the items table */
  items: Int32Array
  /** `[rows]`, milliseconds since 1970, NaN where only the order is known */
  timestamps?: Float64Array
  itemsKey?: string
}

/** Each user's items, oldest first: what a model is fitted on. */
export interface Sequences {
  users: string[]
  items: Csr
  /** Parallel to `items.values`, milliseconds. */
  timestamps?: Float64Array
  itemsKey?: string
}

/** What a recommendation is asked for: one row per query; users need not be unique. */
export interface Queries {
  users: string[]
  /** Oldest first. */
  history: Csr
  /** Everything that must not be recommended; the history where absent. */
  seen: Csr
  /** `[rows]`, milliseconds */
  timestamps?: Float64Array
  itemsKey?: string
}

/** Queries with the answers that were held back. */
export interface Cases extends Queries {
  targets: Csr
}

const META = 'sparc.items'

export function itemsKeyOf(table: Table): string | undefined {
  return table.schema.metadata.get(META)
}

/** A list column of item rows as CSR, checked to be no less than 0. */
export function itemLists(source: Column): Csr {
  const { offsets, values } = lists(source)
  const items = int32s(values)
  checkRange(items, Number.POSITIVE_INFINITY, source.where)
  return { offsets, values: items }
}

export function csrColumn(name: string, matrix: Csr): MadeColumn {
  return listColumn(name, matrix.offsets, int32Data(matrix.values))
}

/** @throws InvalidInputError where lengths disagree */
export function makeInteractions(view: Interactions): Table {
  const { userIds, users, items, timestamps } = view
  checkLength(items.length, users.length, 'the items of an interactions table')
  checkRange(users, userIds.length, 'The users of an interactions table')
  const columns = [dictionaryColumn('user', userIds, users), int32Column('item', items)]
  if (timestamps) {
    checkLength(timestamps.length, users.length, 'the timestamps of an interactions table')
    columns.push({ name: 'timestamp', data: timestampData(timestamps) })
  }
  return tableOf(columns, users.length, { [META]: view.itemsKey })
}

/** Users are numbered in order of first appearance. */
export function readInteractions(table: Table): Interactions {
  const kind = 'interactions'
  const { ids: userIds, rows: users } = numberedIds(column(table, 'user', kind))
  const items = int32s(column(table, 'item', kind))
  checkRange(items, Number.POSITIVE_INFINITY, 'column "item" of the interactions table')
  const times = optionalColumn(table, 'timestamp', kind)
  return {
    userIds,
    users,
    items,
    timestamps: times && milliseconds(times),
    itemsKey: itemsKeyOf(table),
  }
}

export function makeSequences(view: Sequences): Table {
  checkCsr(view.items, view.users.length, 'the items of a sequences table')
  const columns = [utf8Column('user', view.users), csrColumn('items', view.items)]
  if (view.timestamps) {
    checkLength(view.timestamps.length, view.items.values.length, 'the timestamps of a sequences table')
    columns.push(listColumn('timestamps', view.items.offsets, timestampData(view.timestamps)))
  }
  return tableOf(columns, view.users.length, { [META]: view.itemsKey })
}

export function readSequences(table: Table): Sequences {
  const kind = 'sequences'
  const times = optionalColumn(table, 'timestamps', kind)
  return {
    users: ids(column(table, 'user', kind)),
    items: itemLists(column(table, 'items', kind)),
    timestamps: times && milliseconds(lists(times).values),
    itemsKey: itemsKeyOf(table),
  }
}

type MakeQueries = Omit<Queries, 'seen'> & { seen?: Csr }

function queryColumns(view: MakeQueries): MadeColumn[] {
  const rows = view.users.length
  checkCsr(view.history, rows, 'the history of a queries table')
  const columns = [utf8Column('user', view.users), csrColumn('history', view.history)]
  if (view.seen) {
    checkCsr(view.seen, rows, 'the seen items of a queries table')
    columns.push(csrColumn('seen', view.seen))
  }
  if (view.timestamps) {
    checkLength(view.timestamps.length, rows, 'the timestamps of a queries table')
    columns.push({ name: 'timestamp', data: timestampData(view.timestamps) })
  }
  return columns
}

/** @example makeQueries({ users: ['ann'], history: csr([[3, 1]]) }) */
export function makeQueries(view: MakeQueries): Table {
  return tableOf(queryColumns(view), view.users.length, { [META]: view.itemsKey })
}

export function readQueries(table: Table): Queries {
  const kind = 'queries'
  const history = itemLists(column(table, 'history', kind))
  const seen = optionalColumn(table, 'seen', kind)
  const times = optionalColumn(table, 'timestamp', kind)
  return {
    users: ids(column(table, 'user', kind)),
    history,
    seen: seen ? itemLists(seen) : history,
    timestamps: times && milliseconds(times),
    itemsKey: itemsKeyOf(table),
  }
}

export function makeCases(view: MakeQueries & { targets: Csr }): Table {
  checkCsr(view.targets, view.users.length, 'the targets of a cases table')
  const columns = [...queryColumns(view), csrColumn('targets', view.targets)]
  return tableOf(columns, view.users.length, { [META]: view.itemsKey })
}

export function readCases(table: Table): Cases {
  const targets = itemLists(column(table, 'targets', 'cases'))
  return { ...readQueries(table), targets }
}

/** The queries of a cases table: the same rows without the answers. A model is handed these, never the targets. */
export function queriesOf(cases: Table): Table {
  checkTable(cases, 'cases')
  return cases.select(cases.schema.fields.map((field) => field.name).filter((name) => name !== 'targets'))
}
