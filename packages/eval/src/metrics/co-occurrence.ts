import type { Catalogue } from './catalogue.ts'
import { type Metric, type MetricFamily, metricAt } from './metric.ts'
import { meanOverPairs } from './pairs.ts'

/** Entries of the table of common users that popular items get: 64 MB. */
const budget = 2 ** 24
/** An item with fewer users is cheaper to walk through than to look up. */
const popularFrom = 32

const coOccurrenceFamily: MetricFamily = {
  name: 'coOccurrenceDiversity',
  better: 'higher',
  looksAt: 'list',
  needsTrain: true,
  perCase: (ks, { catalogue }) => {
    const kinds = Int32Array.from(catalogue.userCounts, (count, item) => (count === 0 ? -1 : item))
    const norm = Float64Array.from(catalogue.userCounts, (count) => 1 / Math.sqrt(count))
    const users = usersOfItems(catalogue)
    const popular = popularItems(catalogue)
    const common = commonUsers(catalogue, popular)
    // Sum of the unit columns of the rare items so far: its dot product with one more is the sum of its cosines with them.
    const sum = new Float64Array(catalogue.trainUsers)
    const touched = new Int32Array(catalogue.trainUsers)
    let touches = 0
    let items: number[] = []
    let popularSoFar: number[] = []
    return meanOverPairs(ks, kinds, {
      reset() {
        for (let i = 0; i < touches; i++) sum[touched[i]] = 0
        touches = 0
        items = []
        popularSoFar = []
      },
      add(item) {
        let dot = 0
        if (popular[item] >= 0) {
          const row = popular[item] * catalogue.size
          for (const other of items) dot += common[row + other] * norm[other]
          popularSoFar.push(item)
        } else {
          for (const other of popularSoFar) dot += common[popular[other] * catalogue.size + item] * norm[other]
          for (let at = users.offsets[item]; at < users.offsets[item + 1]; at++) {
            const user = users.values[at]
            if (sum[user] === 0) touched[touches++] = user
            dot += sum[user]
            sum[user] += norm[item]
          }
        }
        items.push(item)
        return dot * norm[item]
      },
    })
  },
}

/** Row of each popular item in the table of common users, -1 for the others. */
function popularItems({ size, userCounts }: Catalogue): Int32Array {
  const order = Int32Array.from(userCounts.keys()).sort((a, b) => userCounts[b] - userCounts[a])
  const rows = new Int32Array(size).fill(-1)
  const most = Math.min(size, Math.floor(budget / size))
  for (let row = 0; row < most && userCounts[order[row]] >= popularFrom; row++) rows[order[row]] = row
  return rows
}

/** `[popular, items]`: how many training users have both. */
function commonUsers({ size, train }: Catalogue, popular: Int32Array): Int32Array {
  const rows = popular.reduce((most, row) => Math.max(most, row + 1), 0)
  const common = new Int32Array(rows * size)
  for (let user = 0; user + 1 < train.offsets.length; user++) {
    for (let at = train.offsets[user]; at < train.offsets[user + 1]; at++) {
      const row = popular[train.values[at]] * size
      if (row < 0) continue
      for (let other = train.offsets[user]; other < train.offsets[user + 1]; other++)
        common[row + train.values[other]]++
    }
  }
  return common
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
 * Intra-list diversity@K by one fixed reference, the same for every model (Ziegler et al., WWW 2005, on the cosine of
 * training co-occurrence): the mean over pairs of `1 - users of both / sqrt(users of one * users of the other)`. Items that
 * nobody had in training are left out.
 */
export function coOccurrenceDiversity(k: number): Metric {
  return metricAt(coOccurrenceFamily, k)
}
