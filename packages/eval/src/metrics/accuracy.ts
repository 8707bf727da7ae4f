import { type Metric, type MetricFamily, metricAt, type RankedCase } from './metric.ts'

/** A family whose value at K follows from the case and the number of hits among the first K. */
function fromHits(name: string, value: (hits: number, k: number, ranked: RankedCase) => number): MetricFamily {
  return {
    name,
    better: 'higher',
    looksAt: 'targets',
    perCase: (ks) => (ranked, out, at) => {
      let hits = 0
      for (let j = 0; j < ks.length; j++) {
        const k = ks[j]
        while (hits < ranked.hitCount && ranked.hits[hits] < k) hits++
        out[at + j] = value(hits, k, ranked)
      }
    },
  }
}

const recallFamily = fromHits('recall', (hits, _k, ranked) => hits / ranked.targetCount)
const precisionFamily = fromHits('precision', (hits, k) => hits / k)
const hitRateFamily = fromHits('hitRate', (hits) => (hits > 0 ? 1 : 0))
const mrrFamily = fromHits('mrr', (hits, _k, ranked) => (hits > 0 ? 1 / (ranked.hits[0] + 1) : 0))
const mapFamily = fromHits('map', (hits, k, ranked) => {
  let sum = 0
  for (let h = 0; h < hits; h++) sum += (h + 1) / (ranked.hits[h] + 1)
  return sum / Math.min(ranked.targetCount, k)
})

/** Recall@K: hits among the first K / number of targets. `recall(50).name` is `recall@50`. */
export function recall(k: number): Metric {
  return metricAt(recallFamily, k)
}

/** Precision@K: hits among the first K / K, also where the list is shorter than K: an empty place is a miss. */
export function precision(k: number): Metric {
  return metricAt(precisionFamily, k)
}

/** Hit rate@K: 1 where at least one target is among the first K, else 0. */
export function hitRate(k: number): Metric {
  return metricAt(hitRateFamily, k)
}

/** MRR@K: 1 / rank (from 1) of the first hit, 0 where none is among the first K. */
export function mrr(k: number): Metric {
  return metricAt(mrrFamily, k)
}

/**
 * MAP@K: the precision at the rank of each hit among the first K, summed and divided by min(|targets|, K), so that a
 * perfect list has 1 (RecBole's form). `trec_eval`'s `map_cut` divides by |targets| instead; the two agree where K is at
 * least the number of targets.
 */
export function map(k: number): Metric {
  return metricAt(mapFamily, k)
}
