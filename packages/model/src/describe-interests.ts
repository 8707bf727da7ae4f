import { guards, InvalidInputError, topKHeap } from '@sparc/tables/plain'
import type { ItemVectors } from './network.ts'
import type { InterestDescription } from './recommender.ts'

/** Items and categories that are named for each code. */
const NAMED = 10

const { arrayOf, count, number, object, text } = guards

/** How descriptions are saved. */
export const areInterests = arrayOf(
  object({
    code: count,
    count,
    items: arrayOf(object({ id: text, similarity: number })),
    categories: arrayOf(object({ name: text, share: number, catalogueShare: number })),
  }),
)

/** What descriptions of interests are made from. */
export interface CodedItems {
  ids: readonly string[]
  vectors: ItemVectors
  /** `[items * levels]`; the first level is the interest. */
  codes: Uint16Array
  levels: number
  /** Codewords of level 1, `[codes, dim]`. */
  codewords: Float32Array
  /** Category path of each item, the widest category first. */
  categories?: readonly (readonly string[])[]
}

/** What each level-1 code is about, one description per code. */
export function describeInterests(items: CodedItems): InterestDescription[] {
  const size = items.codewords.length / items.vectors.dim
  const nearest = nearestItems(items, size)
  const common = characteristicCategories(items, size)
  return Array.from({ length: size }, (_, code) => ({ code, ...nearest[code], categories: common[code] }))
}

/** The items of each code that are nearest to its codeword. */
function nearestItems({ ids, vectors, codes, levels, codewords }: CodedItems, size: number) {
  const { data, dim } = vectors
  const heaps = Array.from({ length: size }, () => topKHeap(NAMED))
  const counts = new Int32Array(size)
  const norms = Float64Array.from({ length: size }, (_, c) => Math.hypot(...codewords.subarray(c * dim, (c + 1) * dim)))
  for (let item = 0; item < ids.length; item++) {
    const code = codes[item * levels]
    let product = 0
    let square = 0
    for (let d = 0; d < dim; d++) {
      const x = data[item * dim + d]
      product += x * codewords[code * dim + d]
      square += x * x
    }
    counts[code]++
    heaps[code].push(item, product / (norms[code] * Math.sqrt(square) + 1e-12))
  }
  return heaps.map((heap, code) => {
    const { items, scores } = heap.drain()
    return { count: counts[code], items: Array.from(items, (row, n) => ({ id: ids[row], similarity: scores[n] })) }
  })
}

/**
 * The categories that set a code's items apart: with `p` the share of its items that have the category and `q` that of the catalogue's,
 * the largest `p log(p / q)` (its part in the Kullback-Leibler divergence of the two), where `p > q`.
 */
function characteristicCategories({ ids, codes, levels, categories }: CodedItems, size: number) {
  const names: string[] = []
  const numbers = new Map<string, number>()
  const inCatalogue: number[] = []
  const inCode = Array.from({ length: size }, () => new Map<number, number>())
  const counts = new Int32Array(size)
  for (let item = 0; item < ids.length; item++) {
    const code = codes[item * levels]
    counts[code]++
    for (const name of new Set(pathsOf(categories?.[item] ?? []))) {
      let number = numbers.get(name)
      if (number === undefined) {
        number = names.push(name) - 1
        numbers.set(name, number)
        inCatalogue.push(0)
      }
      inCatalogue[number]++
      inCode[code].set(number, (inCode[code].get(number) ?? 0) + 1)
    }
  }
  return inCode.map((found, code) => {
    const rated = [...found].map(([number, count]) => {
      const [share, catalogueShare] = [count / counts[code], inCatalogue[number] / ids.length]
      return { name: names[number], share, catalogueShare, weight: share * Math.log(share / catalogueShare) }
    })
    const ranked = rated.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight)
    return ranked.slice(0, NAMED).map(({ weight: _, ...category }) => category)
  })
}

/** `['Skin Care', 'Face']` is in `Skin Care` and in `Skin Care > Face`. */
function pathsOf(path: readonly string[]): string[] {
  return path.map((_, depth) => path.slice(0, depth + 1).join(' > '))
}

/** One of the descriptions. @throws InvalidInputError `NO_SUCH_INTEREST` */
export function interestOf(
  code: number,
  described: readonly InterestDescription[],
  system: string,
): InterestDescription {
  if (described[code]) return described[code]
  throw new InvalidInputError('NO_SUCH_INTEREST', {
    what: 'There is no such interest',
    given: code,
    allowed:
      described.length > 0
        ? `0 to ${described.length - 1}`
        : `none: ${system} has no codes, or training ended before its codebook began`,
    next: 'Take a code from what the model or an index gives.',
  })
}
