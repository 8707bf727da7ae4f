import { type Metric, type MetricFamily, metricAt } from './metric.ts'
import { runningMeans } from './running-means.ts'

const noveltyFamily: MetricFamily = {
  name: 'novelty',
  better: 'neither',
  looksAt: 'list',
  needsTrain: true,
  perCase: (ks, { catalogue }) => {
    const users = catalogue.trainUsers
    return runningMeans(
      ks,
      Float64Array.from(catalogue.userCounts, (count) => Math.log2(users / Math.max(count, 1))),
    )
  },
}

const popularityLiftFamily: MetricFamily = {
  name: 'popularityLift',
  better: 'neither',
  looksAt: 'list',
  needsTrain: true,
  overall: (ks, { catalogue, history }) => {
    const listed = {
      means: runningMeans(ks, catalogue.counts),
      sums: new Float64Array(ks.length),
      lists: new Float64Array(ks.length),
    }
    const liked = { means: runningMeans([Number.POSITIVE_INFINITY], catalogue.counts), sum: 0, histories: 0 }
    const found = new Float64Array(ks.length)
    const profile = new Float64Array(1)
    return {
      add(ranked) {
        listed.means(ranked, found, 0)
        for (let j = 0; j < ks.length; j++) {
          if (Number.isNaN(found[j])) continue
          listed.sums[j] += found[j]
          listed.lists[j]++
        }
        const items = history.values.subarray(history.offsets[ranked.row], history.offsets[ranked.row + 1])
        liked.means({ items, length: items.length }, profile, 0)
        if (Number.isNaN(profile[0])) return
        liked.sum += profile[0]
        liked.histories++
      },
      finish: () => {
        const usual = liked.sum / liked.histories
        return ks.map((_, j) => (usual > 0 ? listed.sums[j] / listed.lists[j] / usual - 1 : Number.NaN))
      },
    }
  },
}

/**
 * Novelty@K: mean self-information of the first K, `log2(training users / training users who have the item)`, in bits
 * (Zhou et al., PNAS 2010). An item that nobody had in training counts as had by one.
 */
export function novelty(k: number): Metric {
  return metricAt(noveltyFamily, k)
}

/**
 * Popularity lift@K: how much more popular the first K are than the histories, `(GAP of lists - GAP of histories) / GAP of
 * histories`, where GAP is the mean over users of their items' mean training count (Abdollahpouri et al., RecSys 2020).
 * 0: as popular as what people chose; 1: twice as popular.
 */
export function popularityLift(k: number): Metric {
  return metricAt(popularityLiftFamily, k)
}
