import type { Catalogue } from './catalogue.ts'
import { type CaseScorer, type Metric, type MetricFamily, metricAt } from './metric.ts'

/**
 * Walks down a list once and keeps the sum over all pairs so far; `add` returns what the new item makes with those before
 * it. Items that `kind` knows nothing of (a negative kind) are left out; a list with fewer than two others is NaN.
 */
function meanOverPairs(
  ks: number[],
  kinds: Int32Array,
  pairs: { reset(): void; add(kind: number): number },
): CaseScorer {
  return (ranked, out, at) => {
    pairs.reset()
    let sum = 0
    let known = 0
    let rank = 0
    for (let j = 0; j < ks.length; j++) {
      const end = Math.min(ks[j], ranked.length)
      for (; rank < end; rank++) {
        const item = ranked.items[rank]
        const kind = item < 0 ? -1 : kinds[item]
        if (kind < 0) continue
        sum += pairs.add(kind)
        known++
      }
      out[at + j] = known < 2 ? Number.NaN : 1 - sum / ((known * (known - 1)) / 2)
    }
  }
}

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

const leafFamily: MetricFamily = {
  name: 'leafDiversity',
  better: 'higher',
  looksAt: 'list',
  perCase: (ks, { catalogue }) => {
    const { kinds, examples } = numbered(paths(catalogue), (path) => path.at(-1) ?? '')
    const seen = new Int32Array(examples.length)
    const touched: number[] = []
    return meanOverPairs(ks, kinds, {
      reset() {
        for (const kind of touched) seen[kind] = 0
        touched.length = 0
      },
      add(kind) {
        if (seen[kind] === 0) touched.push(kind)
        return seen[kind]++
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
    const count = new Int32Array(examples.length)
    const touched: number[] = []
    return meanOverPairs(ks, kinds, {
      reset() {
        for (const kind of touched) count[kind] = 0
        touched.length = 0
      },
      add(kind) {
        let sum = 0
        for (const other of touched) sum += count[other] * jaccard(kind, other)
        if (count[kind]++ === 0) touched.push(kind)
        return sum
      },
    })
  },
}

const coOccurrenceFamily: MetricFamily = {
  name: 'coOccurrenceDiversity',
  better: 'higher',
  looksAt: 'list',
  needsTrain: true,
  perCase: (ks, { catalogue }) => {
    const users = usersOfItems(catalogue)
    const kinds = Int32Array.from(catalogue.userCounts, (count, item) => (count === 0 ? -1 : item))
    const norm = Float64Array.from(catalogue.userCounts, (count) => 1 / Math.sqrt(count))
    // Sum of the unit columns so far; its dot product with a new one is the sum of the cosines with all before it.
    const sum = new Float64Array(catalogue.trainUsers)
    const touched = new Int32Array(catalogue.trainUsers)
    let touches = 0
    return meanOverPairs(ks, kinds, {
      reset() {
        for (let i = 0; i < touches; i++) sum[touched[i]] = 0
        touches = 0
      },
      add(item) {
        const weight = norm[item]
        let dot = 0
        for (let at = users.offsets[item]; at < users.offsets[item + 1]; at++) {
          const user = users.values[at]
          if (sum[user] === 0) touched[touches++] = user
          dot += sum[user]
          sum[user] += weight
        }
        return dot * weight
      },
    })
  },
}

function usersOfItems({ size, train, userCounts }: Catalogue): { offsets: Int32Array; values: Int32Array } {
  const offsets = new Int32Array(size + 1)
  for (let item = 0; item < size; item++) offsets[item + 1] = offsets[item] + userCounts[item]
  const next = offsets.slice()
  const values = new Int32Array(train.values.length)
  for (let user = 0; user + 1 < train.offsets.length; user++) {
    for (let at = train.offsets[user]; at < train.offsets[user + 1]; at++) values[next[train.values[at]]++] = user
  }
  return { offsets, values }
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

/**
 * Intra-list diversity@K by one fixed reference, the same for every model (Ziegler et al., WWW 2005, on the cosine of
 * training co-occurrence): the mean over pairs of `1 - users of both / sqrt(users of one * users of the other)`. Items that
 * nobody had in training are left out.
 */
export function coOccurrenceDiversity(k: number): Metric {
  return metricAt(coOccurrenceFamily, k)
}
