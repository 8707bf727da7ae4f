import { InvalidInputError } from '@sparc/tables'
import { type Codes, checkCodes } from './vectors.ts'

/** The ids of a catalogue: an item's codes, and a suffix that tells apart the items that share them. */
export interface SemanticIds {
  /** Items. */
  readonly length: number
  /** Codes per level; an id has one entry more, the suffix. */
  readonly sizes: readonly number[]
  /** The largest suffix plus 1: 1 where no two items share their codes. */
  readonly suffixes: number
  /** The id of an item (a row of the codes): its codes, then the suffix. @throws InvalidInputError `NO_SUCH_ITEM` */
  idOf(item: number): number[]
  /** The item with an id, or undefined. */
  itemOf(id: readonly number[]): number | undefined
  /** All items whose id begins with `prefix`, in the order of their ids; the empty prefix has them all. */
  itemsUnder(prefix: readonly number[]): Int32Array
  /** What may follow `prefix`, ascending, with how many items are below: for decoding within the ids that exist. */
  next(prefix: readonly number[]): { code: number; items: number }[]
}

/**
 * Semantic ids (Rajput et al., "TIGER", NeurIPS 2023, section 3.1): the codes of an item, made unique by a last entry
 * that counts the items with the same codes, in row order. An item keeps its id when rows are added behind it.
 *
 * The prefix tree is kept as the rows in the order of their ids: everything under a prefix is one range of it.
 *
 * @throws InvalidInputError `WRONG_LEVELS`, `CODE_OUT_OF_RANGE`
 *
 * @example
 * const ids = createSemanticIds(quantizer.encode(vectors), quantizer.sizes)
 * ids.itemOf(ids.idOf(7)) // 7
 * ids.itemsUnder([12]) // all items with level-1 code 12
 */
export function createSemanticIds(codes: Codes, sizes: readonly number[]): SemanticIds {
  checkCodes(codes, sizes)
  const { levels } = codes
  const length = codes.data.length / levels
  const entry = (item: number, level: number) => codes.data[item * levels + level]
  const order = Int32Array.from({ length }, (_, item) => item).sort((a, b) => {
    for (let l = 0; l < levels; l++) if (entry(a, l) !== entry(b, l)) return entry(a, l) - entry(b, l)
    return a - b
  })
  const suffix = new Int32Array(length)
  let suffixes = length > 0 ? 1 : 0
  for (let i = 1; i < length; i++) {
    let same = true
    for (let l = 0; l < levels && same; l++) same = entry(order[i - 1], l) === entry(order[i], l)
    if (same) suffix[order[i]] = suffix[order[i - 1]] + 1
    suffixes = Math.max(suffixes, suffix[order[i]] + 1)
  }
  const at = (item: number, depth: number) => (depth < levels ? entry(item, depth) : suffix[item])

  /** The first place in `order` from `low` to `high` whose entry at `depth` is at least `code`. */
  function lowerBound(low: number, high: number, depth: number, code: number): number {
    let from = low
    let to = high
    while (from < to) {
      const middle = (from + to) >> 1
      if (at(order[middle], depth) < code) from = middle + 1
      else to = middle
    }
    return from
  }

  function rangeOf(prefix: readonly number[]): [number, number] {
    if (prefix.length > levels + 1) return [0, 0]
    let low = 0
    let high = length
    for (const [depth, code] of prefix.entries()) {
      const start = lowerBound(low, high, depth, code)
      high = lowerBound(start, high, depth, code + 1)
      low = start
    }
    return [low, high]
  }

  return {
    length,
    sizes,
    suffixes,
    idOf(item) {
      if (!Number.isInteger(item) || item < 0 || item >= length) {
        throw new InvalidInputError('NO_SUCH_ITEM', {
          what: 'There is no such item',
          given: item,
          allowed: `0 to ${length - 1}`,
          next: 'Items are rows of the codes that the ids were made from.',
        })
      }
      return Array.from({ length: levels + 1 }, (_, depth) => at(item, depth))
    },
    itemOf(id) {
      if (id.length !== levels + 1) return undefined
      const [low, high] = rangeOf(id)
      return low < high ? order[low] : undefined
    },
    itemsUnder(prefix) {
      return order.slice(...rangeOf(prefix))
    },
    next(prefix) {
      const [low, high] = rangeOf(prefix)
      const found: { code: number; items: number }[] = []
      if (prefix.length > levels) return found
      for (let start = low; start < high; ) {
        const code = at(order[start], prefix.length)
        const end = lowerBound(start, high, prefix.length, code + 1)
        found.push({ code, items: end - start })
        start = end
      }
      return found
    },
  }
}
