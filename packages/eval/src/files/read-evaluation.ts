import {
  InvalidInputError,
  makeCases,
  makeItems,
  makeRecommendations,
  makeSequences,
  parseOptions,
  readItems,
  readTable,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'
import type { ColumnNames } from './csv-file.ts'
import { itemNumbers } from './item-numbers.ts'
import { itemColumns, readItemsFile } from './read-items-file.ts'
import { listColumns, readLists, type UserLists } from './read-lists.ts'

const path = z.string().min(1)
const schema = z.strictObject({
  targets: path,
  recommendations: z.record(z.string(), path),
  history: path.optional(),
  train: path.optional(),
  items: path.optional(),
  columns: z.partialRecord(z.enum(['user', 'item', 'items', 'score', 'scores', 'rank']), z.string()).default({}),
  outside: z.enum(['error', 'miss']).default('error'),
})

/** Which files to read: CSV (or `.tsv`, either also `.gz`), or Arrow files of the schemas of `@sparc/tables`. */
export interface EvaluationFiles {
  /** What people did: `user,item` lines, or `user,items`. An Arrow file is a cases table. */
  targets: string
  /** By the name of the system. `user,item` lines with a `score` or `rank` (or in order), or `user,items`. */
  recommendations: Record<string, string>
  /** What was known of the users of the targets, oldest first; for slices and `dropSeen`. */
  history?: string
  /** What the systems were fitted on; for popularity, the long tail and co-occurrence. */
  train?: string
  /** The catalogue: an id and any features. Without it, all items of the other files are the catalogue. */
  items?: string
  /** What the columns are called, where the usual names will not do: `{ user: 'uid' }`. */
  columns?: Partial<Record<'user' | 'item' | 'items' | 'score' | 'scores' | 'rank', string>>
  /** Ids that the items file does not have: refuse, or number them behind the catalogue (then pass it on to `evaluate`). */
  outside?: 'error' | 'miss'
}

/** What `evaluate` wants. */
export interface EvaluationInput {
  items: Table
  cases: Table
  recommendations: Record<string, Table>
  train?: Table
}

/**
 * Reads files from elsewhere as the tables that `evaluate` wants. String ids become rows of one items table.
 *
 * ```ts
 * const { items, cases, recommendations } = await readEvaluation({
 *   targets: 'targets.csv',
 *   recommendations: { mine: 'mine.csv' },
 * })
 * const report = evaluate(recommendations.mine, cases, { metrics: [recall(10)], items })
 * ```
 * @throws InvalidFileError NO_SUCH_FILE, BROKEN_CSV, BROKEN_LINE, MISSING_COLUMN, EMPTY_FILE; InvalidInputError
 * UNKNOWN_ITEM, DUPLICATE_ITEM_ID, ITEMS_FILE_NEEDED
 */
export async function readEvaluation(files: EvaluationFiles): Promise<EvaluationInput> {
  const given = parseOptions(schema, files, 'options of readEvaluation')
  const columns = renamed(listColumns, given.columns)
  const catalogue = given.items === undefined ? undefined : await readCatalogueFile(given.items, given.columns)
  const numbers = itemNumbers(catalogue?.ids, given.outside)
  const lists = (file: string) => readLists(file, columns, numbers)
  const needsItems = (file: string) => {
    if (!catalogue) throw itemsNeeded(file)
    return readTable(file)
  }

  // Training first: without an items file, items are numbered in the order of their first appearance.
  const train =
    given.train === undefined
      ? undefined
      : isArrow(given.train)
        ? await needsItems(given.train)
        : await lists(given.train)
  const history = given.history === undefined ? undefined : await lists(given.history)
  const targets = isArrow(given.targets) ? await needsItems(given.targets) : await lists(given.targets)
  const found: Record<string, Table | UserLists> = {}
  for (const [name, file] of Object.entries(given.recommendations)) {
    found[name] = isArrow(file) ? await needsItems(file) : await lists(file)
  }

  return {
    items: catalogue?.table ?? makeItems({ ids: numbers.ids() }),
    cases: isTable(targets) ? targets : casesOf(targets, history),
    recommendations: Object.fromEntries(
      Object.entries(found).map(([name, table]) => [name, isTable(table) ? table : makeRecommendations(table)]),
    ),
    train: train === undefined || isTable(train) ? train : makeSequences({ users: train.users, items: train.items }),
  }
}

async function readCatalogueFile(file: string, columns: Partial<Record<string, string>>) {
  if (!isArrow(file)) return readItemsFile(file, renamed(itemColumns, columns))
  const table = await readTable(file)
  return { ids: readItems(table).ids, table }
}

function casesOf(targets: UserLists, history: UserLists | undefined): Table {
  const rows = new Map(history?.users.map((user, row) => [user, row]))
  const offsets = new Int32Array(targets.users.length + 1)
  const values: number[] = []
  for (const [row, user] of targets.users.entries()) {
    const at = rows.get(user)
    if (history && at !== undefined) {
      values.push(...history.items.values.subarray(history.items.offsets[at], history.items.offsets[at + 1]))
    }
    offsets[row + 1] = values.length
  }
  return makeCases({
    users: targets.users,
    history: { offsets, values: Int32Array.from(values) },
    targets: targets.items,
  })
}

function renamed(names: ColumnNames, own: Partial<Record<string, string>>): ColumnNames {
  return Object.fromEntries(
    Object.entries(names).map(([name, aliases]) => {
      const renamed = own[name]
      return [name, renamed === undefined ? aliases : [renamed]]
    }),
  )
}

function isArrow(file: string): boolean {
  return /\.(arrow|feather|ipc)$/.test(file)
}

function isTable(value: Table | UserLists): value is Table {
  return 'numRows' in value
}

function itemsNeeded(file: string): InvalidInputError {
  return new InvalidInputError('ITEMS_FILE_NEEDED', {
    what: 'An Arrow file names items by their row in the items table, which was not given',
    given: file,
    next: 'Pass the items file too',
  })
}
