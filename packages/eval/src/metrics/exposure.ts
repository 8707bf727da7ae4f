import { type Metric, type MetricFamily, metricAt } from './metric.ts'

const coverageFamily: MetricFamily = {
  name: 'coverage',
  better: 'higher',
  looksAt: 'list',
  overall: (ks, { catalogue }) => {
    const best = new Int32Array(catalogue.size).fill(ks.at(-1)!)
    return {
      add(ranked) {
        for (let rank = 0; rank < ranked.length; rank++) {
          const item = ranked.items[rank]
          if (item >= 0 && rank < best[item]) best[item] = rank
        }
      },
      finish: () =>
        ks.map((k) => {
          let covered = 0
          for (const rank of best) if (rank < k) covered++
          return covered / catalogue.size
        }),
    }
  },
}

const giniFamily: MetricFamily = {
  name: 'gini',
  better: 'lower',
  looksAt: 'list',
  overall: (ks, { catalogue }) => {
    // Places between the last K and this one, per item: each place is counted once whatever the number of K.
    const counts = ks.map(() => new Int32Array(catalogue.size))
    return {
      add(ranked) {
        let rank = 0
        for (let j = 0; j < ks.length; j++) {
          const count = counts[j]
          const end = Math.min(ks[j], ranked.length)
          for (; rank < end; rank++) {
            const item = ranked.items[rank]
            if (item >= 0) count[item]++
          }
        }
      },
      finish: () => {
        const total = new Int32Array(catalogue.size)
        return counts.map((count) => {
          for (let item = 0; item < total.length; item++) total[item] += count[item]
          return giniIndex(total)
        })
      },
    }
  },
}

/** `sum_i (2 i - n - 1) x_i / (n sum x)` over the counts in ascending order, i from 1. NaN where all are 0. */
export function giniIndex(counts: Int32Array): number {
  const sorted = counts.slice().sort()
  const n = sorted.length
  let weighted = 0
  let sum = 0
  for (let i = 0; i < n; i++) {
    weighted += (2 * i + 1 - n) * sorted[i]
    sum += sorted[i]
  }
  return sum === 0 ? Number.NaN : weighted / (n * sum)
}

/** Catalogue coverage@K: the share of the catalogue that is in anybody's first K. */
export function coverage(k: number): Metric {
  return metricAt(coverageFamily, k)
}

/**
 * Gini index@K of how often each item of the catalogue is among the first K: 0 where all items are shown equally often,
 * near 1 where few get everything. Items never shown count (Castells, Hurley and Vargas, Recommender Systems Handbook).
 */
export function gini(k: number): Metric {
  return metricAt(giniFamily, k)
}
