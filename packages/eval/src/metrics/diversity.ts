import type { Catalogue } from './catalogue.ts'
import { type Metric, type MetricFamily, metricAt } from './metric.ts'
import { meanOverPairs } from './pairs.ts'

/** The items' categories as strings from root to leaf; a text column is a path of one. */
function paths(catalogue: Catalogue): string[][] {
  const column = catalogue.column('categories')
  if (!column) return Array.from({ length: catalogue.size }, () => [])
  return column.map((value) => (value === null ? [] : typeof value === 'string' ? [value] : value))
}

/** Numbers equal keys equally; an empty path is -1. */
function numbered(paths: string[][], key: (path: string[]) => string): { kinds: Int32Array; examples: string[][] } {
  const numbers = new Map<string, number>()
  const examples: string[][] = []
  const kinds = Int32Array.from(paths, (path) => {
    if (path.length === 0) return -1
    const name = key(path)
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, examples.length)
    return examples.push(path) - 1
  })
  return { kinds, examples }
}

/** How often each kind was met since the last reset, and which kinds those are. */
function counter(kinds: number) {
  const counts = new Int32Array(kinds)
  const met: number[] = []
  return {
    counts,
    met,
    reset() {
      for (const kind of met) counts[kind] = 0
      met.length = 0
    },
    count(kind: number) {
      if (counts[kind]++ === 0) met.push(kind)
    },
  }
}

const leafFamily: MetricFamily = {
  name: 'leafDiversity',
  better: 'higher',
  looksAt: 'list',
  perCase: (ks, { catalogue }) => {
    const { kinds, examples } = numbered(paths(catalogue), (path) => path.at(-1) ?? '')
    const { counts, reset, count } = counter(examples.length)
    return meanOverPairs(ks, kinds, {
      reset,
      add(kind) {
        count(kind)
        return counts[kind] - 1
      },
    })
  },
}

/** Jaccard similarities between category sets that have been asked for; each pair is computed once. */
function jaccardOf(sets: Set<string>[]): (a: number, b: number) => number {
  const known = new Map<number, number>()
  return (a, b) => {
    if (a === b) return 1
    const key = a < b ? a * sets.length + b : b * sets.length + a
    const before = known.get(key)
    if (before !== undefined) return before
    let common = 0
    for (const category of sets[a]) if (sets[b].has(category)) common++
    const value = common / (sets[a].size + sets[b].size - common)
    known.set(key, value)
    return value
  }
}

const categoryFamily: MetricFamily = {
  name: 'categoryDiversity',
  better: 'higher',
  looksAt: 'list',
  perCase: (ks, { catalogue }) => {
    const { kinds, examples } = numbered(paths(catalogue), (path) => JSON.stringify([...new Set(path)].sort()))
    const jaccard = jaccardOf(examples.map((path) => new Set(path)))
    const { counts, met, reset, count } = counter(examples.length)
    return meanOverPairs(ks, kinds, {
      reset,
      add(kind) {
        let sum = 0
        for (const other of met) sum += counts[other] * jaccard(kind, other)
        count(kind)
        return sum
      },
    })
  },
}

/**
 * Intra-list diversity@K by leaf category: the share of pairs among the first K whose last categories differ. Items
 * without categories are left out; null where fewer than two have any. Reads `categories` of the items table (a list from
 * root to leaf, or text).
 */
export function leafDiversity(k: number): Metric {
  return metricAt(leafFamily, k)
}

/** Intra-list diversity@K by category sets: the mean over pairs of `1 - |A and B| / |A or B|`. Else as `leafDiversity`. */
export function categoryDiversity(k: number): Metric {
  return metricAt(categoryFamily, k)
}
