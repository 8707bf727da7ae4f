import { type Csr, checkItemsKey, InvalidInputError, readInteractions, readItems, readSequences } from '@sparc/tables'
import { DataType, type Table } from 'apache-arrow'

/** What is known of the items: their number, the columns of their table, and their popularity in training. */
export interface Catalogue {
  readonly size: number
  readonly itemsKey?: string
  /** Text or list column of the items table, undefined where there is none. */
  column(name: string): (string | null | string[])[] | undefined
  /** Whether training data was given; without it all counts are 0. */
  readonly hasTrain: boolean
  /** Training interactions of each item, `[items]`. */
  readonly counts: Int32Array
  /** Training users who have each item, `[items]`. */
  readonly userCounts: Int32Array
  readonly trainUsers: number
  /** Distinct items of each training user. */
  readonly train: Csr
}

const nothing: Csr = { offsets: new Int32Array(1), values: new Int32Array(0) }

/**
 * Reads the items table (or just its length) and the training data: a sequences table, or an interactions table.
 * @throws InvalidInputError TRAIN_ITEM_OUT_OF_RANGE when training names an item that the catalogue does not have.
 */
export function readCatalogue(items: Table | number, train?: Table): Catalogue {
  const view = typeof items === 'number' ? undefined : readItems(items)
  const size = typeof items === 'number' ? items : items.numRows
  if (!Number.isInteger(size) || size < 1) {
    throw new InvalidInputError('EMPTY_CATALOGUE', {
      what: 'There are no items to recommend',
      given: size,
      allowed: 'an items table with rows, or the number of items',
      next: 'Pass the items table that the row numbers refer to',
    })
  }
  const { rows, itemsKey } = train ? readTrain(train) : { rows: nothing, itemsKey: undefined }
  checkItemsKey(view?.key, itemsKey, 'The training data')
  const counts = new Int32Array(size)
  for (const item of rows.values) {
    if (item < 0 || item >= size) {
      throw new InvalidInputError('TRAIN_ITEM_OUT_OF_RANGE', {
        what: 'The training data names an item that is not in the catalogue',
        given: item,
        allowed: `0 to ${size - 1}`,
        next: 'Pass the items table that the training data was made with',
      })
    }
    counts[item]++
  }
  const distinct = distinctRows(rows, size)
  const userCounts = new Int32Array(size)
  for (const item of distinct.values) userCounts[item]++
  return {
    size,
    itemsKey: view?.key ?? itemsKey,
    column(name) {
      if (!view || typeof items === 'number') return undefined
      const type = items.getChild(name)?.type
      return DataType.isList(type) || DataType.isLargeList(type) ? view.lists(name) : view.strings(name)
    },
    hasTrain: train !== undefined,
    counts,
    userCounts,
    trainUsers: rows.offsets.length - 1,
    train: distinct,
  }
}

function readTrain(train: Table): { rows: Csr; itemsKey?: string } {
  if (train.getChild('items')) {
    const { items, itemsKey } = readSequences(train)
    return { rows: items, itemsKey }
  }
  const { userIds, users, items, itemsKey } = readInteractions(train)
  const offsets = new Int32Array(userIds.length + 1)
  for (const user of users) offsets[user + 1]++
  for (let user = 0; user < userIds.length; user++) offsets[user + 1] += offsets[user]
  const next = offsets.slice()
  const values = new Int32Array(items.length)
  for (let i = 0; i < items.length; i++) values[next[users[i]]++] = items[i]
  return { rows: { offsets, values }, itemsKey }
}

function distinctRows(rows: Csr, size: number): Csr {
  const last = new Int32Array(size).fill(-1)
  const offsets = new Int32Array(rows.offsets.length)
  const values = new Int32Array(rows.values.length)
  let length = 0
  for (let row = 0; row + 1 < rows.offsets.length; row++) {
    for (let at = rows.offsets[row]; at < rows.offsets[row + 1]; at++) {
      const item = rows.values[at]
      if (last[item] === row) continue
      last[item] = row
      values[length++] = item
    }
    offsets[row + 1] = length
  }
  return { offsets, values: values.subarray(0, length) }
}
