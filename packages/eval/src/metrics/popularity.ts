import { type Metric, type MetricFamily, metricAt } from './metric.ts'

const noveltyFamily: MetricFamily = {
  name: 'novelty',
  better: 'neither',
  looksAt: 'list',
  needsTrain: true,
  perCase: (ks, { catalogue }) => {
    const users = catalogue.trainUsers
    const information = Float64Array.from(catalogue.userCounts, (count) => Math.log2(users / Math.max(count, 1)))
    return (ranked, out, at) => {
      let sum = 0
      let known = 0
      let rank = 0
      for (let j = 0; j < ks.length; j++) {
        const end = Math.min(ks[j], ranked.length)
        for (; rank < end; rank++) {
          const item = ranked.items[rank]
          if (item < 0) continue
          sum += information[item]
          known++
        }
        out[at + j] = known === 0 ? Number.NaN : sum / known
      }
    }
  },
}

const popularityLiftFamily: MetricFamily = {
  name: 'popularityLift',
  better: 'neither',
  looksAt: 'list',
  needsTrain: true,
  overall: (ks, { catalogue, history }) => {
    const counts = catalogue.counts
    const listed = new Float64Array(ks.length)
    const lists = new Float64Array(ks.length)
    let liked = 0
    let histories = 0
    return {
      add(ranked) {
        let sum = 0
        let known = 0
        let rank = 0
        for (let j = 0; j < ks.length; j++) {
          const end = Math.min(ks[j], ranked.length)
          for (; rank < end; rank++) {
            const item = ranked.items[rank]
            if (item < 0) continue
            sum += counts[item]
            known++
          }
          if (known === 0) continue
          listed[j] += sum / known
          lists[j]++
        }
        const from = history.offsets[ranked.row]
        const to = history.offsets[ranked.row + 1]
        let profile = 0
        let items = 0
        for (let at = from; at < to; at++) {
          const item = history.values[at]
          if (item >= catalogue.size) continue
          profile += counts[item]
          items++
        }
        if (items === 0) return
        liked += profile / items
        histories++
      },
      finish: () => {
        const profile = liked / histories
        return ks.map((_, j) => (profile > 0 ? listed[j] / lists[j] / profile - 1 : Number.NaN))
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
