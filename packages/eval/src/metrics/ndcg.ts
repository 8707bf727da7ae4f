import { type Metric, type MetricFamily, metricAt, type RankedCase } from './metric.ts'

/** DCG of binary relevance over an ideal DCG that `ideal` many hits at the top would have. */
function family(name: string, ideal: (hits: number, k: number, ranked: RankedCase) => number): MetricFamily {
  return {
    name,
    better: 'higher',
    looksAt: 'targets',
    perCase: (ks) => {
      const depth = ks.at(-1)!
      const discounts = new Float64Array(depth)
      const idealDcg = new Float64Array(depth + 1)
      for (let rank = 0; rank < depth; rank++) {
        discounts[rank] = 1 / Math.log2(rank + 2)
        idealDcg[rank + 1] = idealDcg[rank] + discounts[rank]
      }
      return (ranked, out, at) => {
        let hits = 0
        let dcg = 0
        for (let j = 0; j < ks.length; j++) {
          const k = ks[j]
          while (hits < ranked.hitCount && ranked.hits[hits] < k) dcg += discounts[ranked.hits[hits++]]
          out[at + j] = hits === 0 ? 0 : dcg / idealDcg[ideal(hits, k, ranked)]
        }
      }
    },
  }
}

const ndcgFamily = family('ndcg', (_hits, k, ranked) => Math.min(ranked.targetCount, k))
const ndcgOverHitsFamily = family('ndcgOverHits', (hits) => hits)

/**
 * NDCG@K with binary relevance: `sum over hits of 1 / log2(rank + 1)`, ranks from 1, divided by what
 * min(|targets|, K) hits at the top would have (Järvelin and Kekäläinen, TOIS 2002, with the discount of Burges et al.,
 * ICML 2005).
 */
export function ndcg(k: number): Metric {
  return metricAt(ndcgFamily, k)
}

/**
 * The NDCG of ComiRec's published code (KDD 2020), kept under a name of its own: its ideal is taken over the hits that the
 * list happens to have, not over the targets that it could have had. One hit at the top of a list is then perfect whatever
 * was missed, so values are higher than `ndcg` and a list may gain by finding less. Use it for nothing but a comparison
 * with tables published that way.
 */
export function ndcgOverHits(k: number): Metric {
  return metricAt(ndcgOverHitsFamily, k)
}
