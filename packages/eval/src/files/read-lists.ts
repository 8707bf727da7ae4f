import { type Csr, csr, InvalidFileError, tieHash } from '@sparc/tables'
import { type ColumnNames, type CsvLine, readCsv } from './csv-file.ts'
import type { ItemNumbers } from './item-numbers.ts'

/** What columns may be called in files, if not told otherwise. */
export const listColumns: ColumnNames = {
  user: ['user', 'user_id', 'userId', 'userid', 'reviewerID'],
  item: ['item', 'item_id', 'itemId', 'itemid', 'asin', 'parent_asin'],
  items: ['items', 'item_ids', 'recommendations', 'targets', 'history'],
  score: ['score', 'prediction', 'rating'],
  scores: ['scores'],
  rank: ['rank'],
}

/** A list of items for each user of a file. */
export interface UserLists {
  users: string[]
  items: Csr
  /** Falling; where the file has none, minus the place in the list. */
  scores: Float32Array
}

interface Entry {
  items: number[]
  /** Scores, or minus ranks; shorter than `items` where the file has neither. */
  scores: number[]
}

/**
 * Reads lists of items by user. Long files have a line for each `user,item`, with a `score` or a `rank` that orders them
 * (else the lines' order does); wide ones a line for each `user,items`, ids separated by spaces, optionally with `scores`.
 * @throws InvalidFileError MISSING_COLUMN, BROKEN_LINE, EMPTY_FILE; InvalidInputError UNKNOWN_ITEM
 */
export async function readLists(path: string, columns: ColumnNames, numbers: ItemNumbers): Promise<UserLists> {
  const byUser = new Map<string, Entry>()
  let checked = false
  for await (const line of readCsv(path, columns)) {
    if (!checked) checkHeader(path, columns, line)
    checked = true
    addLine(path, line, numbers, byUser)
  }
  if (!checked) {
    throw new InvalidFileError('EMPTY_FILE', { what: 'The file has no lines below its header', given: path })
  }
  for (const entry of byUser.values()) if (entry.scores.length > 0) byScore(entry)
  const lists = [...byUser.values()]
  return {
    users: [...byUser.keys()],
    items: csr(lists.map(({ items }) => items)),
    scores: Float32Array.from(
      lists.flatMap(({ items, scores }) => (scores.length > 0 ? scores : items.map((_, place) => -place))),
    ),
  }
}

function addLine(path: string, { line, fields }: CsvLine, numbers: ItemNumbers, byUser: Map<string, Entry>): void {
  const where = `${path}, line ${line},`
  const { user, item, items, score, scores, rank } = fields
  if (!user) throw broken(where, 'has no user')
  let entry = byUser.get(user)
  if (!entry) {
    entry = { items: [], scores: [] }
    byUser.set(user, entry)
  }
  const order = score ?? scores
  if (item !== undefined) {
    if (item === '') throw broken(where, 'has no item')
    entry.items.push(numbers.number(item, where))
    if (order !== undefined) entry.scores.push(numeric(order, where))
    else if (rank !== undefined) entry.scores.push(-numeric(rank, where))
    return
  }
  const ids = split(items ?? '')
  for (const id of ids) entry.items.push(numbers.number(id, where))
  if (scores === undefined) return
  const values = split(scores)
  if (values.length !== ids.length) throw broken(where, `has ${ids.length} items and ${values.length} scores`)
  for (const value of values) entry.scores.push(numeric(value, where))
}

/** Highest score first; ties by the hash of the item, as everywhere. */
function byScore(entry: Entry): void {
  const { items, scores } = entry
  const order = items.map((_, at) => at)
  order.sort((a, b) => scores[b] - scores[a] || tieHash(items[a]) - tieHash(items[b]))
  entry.items = order.map((at) => items[at])
  entry.scores = order.map((at) => scores[at])
}

function split(text: string): string[] {
  return text.split(' ').filter((part) => part !== '')
}

function numeric(text: string, where: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw broken(where, `has the score or rank "${text}"`)
  return value
}

function checkHeader(path: string, columns: ColumnNames, { fields, all }: CsvLine): void {
  const lacks = fields.user === undefined ? 'user' : (fields.item ?? fields.items) === undefined ? 'item' : undefined
  if (!lacks) return
  throw new InvalidFileError('MISSING_COLUMN', {
    what: `${path} has no column of the ${lacks}`,
    given: Object.keys(all).join(', '),
    allowed: (lacks === 'user' ? columns.user : [...columns.item, ...columns.items]).join(', '),
    next: `Say which one it is: columns: { ${lacks}: '...' }, on the command line --columns ${lacks}=...`,
  })
}

function broken(where: string, what: string): InvalidFileError {
  return new InvalidFileError('BROKEN_LINE', { what: `${where} ${what}`, next: 'Mend or remove the line' })
}
