import { type Csr, csr, type Items, mix32 } from '@sparc/tables'

/** Which rows of a feature table describe each item: all that a vocabulary knows of its categories, brand and title. */
export interface ItemFeatures {
  /** Number of feature rows. */
  size: number
  /** Category paths and brands by name, `c:Skin Care > Face`, `b:OPI`; their row is their place. Hashed words come after them. */
  names: string[]
  /** Row `i` holds the feature rows of item `i`. */
  bags: Csr
  /** Parallel to `bags.values`: 1 / (number of features of that kind), so that each kind adds its mean. */
  weights: Float32Array
}

/** Rows that words of titles are hashed into (Weinberger et al., ICML 2009). */
const WORD_ROWS = 4096
/** Words of a title that are looked at. */
const WORDS = 16
/** A category or brand that fewer items have describes the item no better than its id does. */
const LEAST_ITEMS = 2

const WORD = /[\p{L}\p{N}]{2,}/gu

function hashWord(word: string): number {
  let hash = 0
  for (let i = 0; i < word.length; i++) hash = mix32(hash ^ word.charCodeAt(i) ^ (i << 16))
  return hash % WORD_ROWS
}

/** The names of an item's features by kind: prefixes of its category path, its brand. */
function namesOf(items: Items): string[][][] {
  const categories = items.lists('categories')
  const brands = items.strings('brand')
  return Array.from({ length: items.length }, (_, i) => {
    const path = categories?.[i] ?? []
    const brand = brands?.[i]
    return [path.map((_, depth) => `c:${path.slice(0, depth + 1).join(' > ')}`), brand ? [`b:${brand}`] : []]
  })
}

/** The hashed distinct words of a title. */
function wordsOf(title: string | null | undefined): number[] {
  const words = (title ?? '').toLowerCase().match(WORD) ?? []
  return [...new Set(words.slice(0, WORDS).map(hashWord))]
}

/**
 * Describes a catalogue by what its items table says: category path (each prefix of it), brand, hashed words of the title.
 * Columns that are absent add nothing.
 *
 * @param vocabulary names known from an earlier catalogue: new names have no row then, and are left out
 */
export function itemFeatures(items: Items, vocabulary?: readonly string[]): ItemFeatures {
  const named = namesOf(items)
  let names = vocabulary
  if (!names) {
    const counts = new Map<string, number>()
    for (const name of named.flat(2)) counts.set(name, (counts.get(name) ?? 0) + 1)
    names = [...counts].flatMap(([name, count]) => (count >= LEAST_ITEMS ? [name] : []))
  }
  const rows = new Map(names.map((name, row) => [name, row]))
  const titles = items.strings('title')
  const kinds = named.map((ofItem, i) => [
    ...ofItem.map((kind) => kind.flatMap((name) => rows.get(name) ?? [])),
    wordsOf(titles?.[i]).map((word) => rows.size + word),
  ])
  const weights = kinds.flatMap((ofItem) => ofItem.flatMap((kind) => kind.map(() => 1 / kind.length)))
  return {
    size: names.length + WORD_ROWS,
    names: [...names],
    bags: csr(kinds.map((ofItem) => ofItem.flat())),
    weights: Float32Array.from(weights),
  }
}
