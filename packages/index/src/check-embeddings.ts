import { checkFinite, checkLength, type Embeddings, InvalidInputError, readEmbeddings } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { IdMap } from './id-map.ts'
import { isTable } from './options.ts'

/** Larger values would overflow float32 sums. */
const LARGEST = 1e15
/** Item numbers are rows of a table in memory. */
const MOST_ITEMS = 2 ** 31 - 1

/** Reads embeddings and refuses what an index can't hold. */
export function checkEmbeddings(source: Table | Embeddings): Embeddings {
  const view = isTable(source) ? readEmbeddings(source) : source
  const { items, ids, vectors, codes } = view
  checkLength(ids.length, items.length, 'the ids of the embeddings')
  checkLength(vectors.rows, items.length, 'the vectors of the embeddings')
  checkLength(vectors.data.length, vectors.rows * vectors.dim, 'the values of the vectors')
  if (codes) checkLength(codes.data.length, items.length * codes.levels, 'the codes of the embeddings')
  if (codes && codes.levels === 0) checkLength(0, 1, 'the levels of the codes (at least)')
  checkDim(vectors.dim)
  checkFinite(vectors.data, vectors.dim, 'the vectors of the embeddings')
  for (let i = 0; i < vectors.data.length; i++) {
    if (Math.abs(vectors.data[i]) <= LARGEST) continue
    throw new InvalidInputError('VALUE_TOO_LARGE', {
      what: 'A vector holds a value that float32 sums would overflow on',
      given: `${vectors.data[i]} in row ${Math.floor(i / vectors.dim)}`,
      allowed: `-${LARGEST} to ${LARGEST}`,
      next: 'Normalise the vectors.',
    })
  }
  checkItems(items, ids)
  return view
}

function checkDim(dim: number): void {
  if (dim >= 1 && dim <= 16384) return
  throw new InvalidInputError('DIMENSION', {
    what: 'Vectors of this dimension are not supported',
    given: dim,
    allowed: '1 to 16384',
    next: 'Check the vector column.',
  })
}

function checkItems(items: Int32Array, ids: readonly string[]): void {
  const seen = new Set<number>()
  const seenIds = new Set<string>()
  for (let r = 0; r < items.length; r++) {
    if (items[r] < 0 || items[r] > MOST_ITEMS) {
      throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
        what: `Row ${r} of the embeddings names an item that no items table has`,
        given: items[r],
        allowed: '0 or more',
        next: 'Use row numbers of the items table.',
      })
    }
    seen.add(items[r])
    seenIds.add(ids[r])
    if (seen.size === r + 1 && seenIds.size === r + 1) continue
    const byItem = seen.size < r + 1
    throw new InvalidInputError(byItem ? 'DUPLICATE_ITEM' : 'DUPLICATE_ID', {
      what: `Row ${r} of the embeddings repeats ${byItem ? 'an item' : 'an id'}`,
      given: byItem ? items[r] : ids[r],
      allowed: 'each item and each id once',
      next: 'Keep one row of each.',
    })
  }
}

/** Refuses ids that contradict what the index knows: a row number never changes its item. */
export function checkIds({ items, ids }: Embeddings, known: IdMap): void {
  for (let r = 0; r < items.length; r++) {
    const before = known.id(items[r])
    const other = before === undefined ? known.item(ids[r]) : -1
    if ((before === undefined || before === ids[r]) && other < 0) continue
    throw new InvalidInputError('ID_MISMATCH', {
      what: before === undefined ? `The id ${ids[r]} belongs to item ${other}` : `Item ${items[r]} has another id here`,
      given: `item ${items[r]}, id ${ids[r]}`,
      allowed: before === undefined ? 'one item for each id' : `id ${before}`,
      next: 'Use row numbers of one items table, which only ever grows.',
    })
  }
}

/** @throws InvalidInputError `DIMENSION_MISMATCH` */
export function checkSameDim(given: number, allowed: number, what: string): void {
  if (given === allowed) return
  throw new InvalidInputError('DIMENSION_MISMATCH', {
    what: `${what} has vectors of another dimension`,
    given,
    allowed: String(allowed),
    next: 'Use vectors of the model that the index was built from.',
  })
}
