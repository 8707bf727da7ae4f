import type { CaseScorer } from './metric.ts'

/**
 * Walks down a list once and keeps the sum over all pairs so far; `add` returns what the new item makes with those before
 * it. Items that `kind` knows nothing of (a negative kind) are left out; a list with fewer than two others is NaN.
 */
export function meanOverPairs(
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
