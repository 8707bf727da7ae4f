import type { Csr } from '@sparc/tables'

/** How good lists are, averaged over the users that have a target. */
export interface ListQuality {
  /** The share of a user's distinct targets that its list holds. */
  recall: number
  /** Discounted gain `sum 1 / log2(rank + 1)` over the targets found, by the most that `min(targets, k)` of them could have. */
  ndcg: number
}

/**
 * Recall@k and NDCG@k; both 0 where no user has a target.
 *
 * @param lists the `k` best items of each user
 */
export function listQuality(lists: Csr, targets: Csr, k: number): ListQuality {
  const sums = { recall: 0, ndcg: 0 }
  let users = 0
  for (let r = 0; r < targets.offsets.length - 1; r++) {
    const left = new Set(targets.values.subarray(targets.offsets[r], targets.offsets[r + 1]))
    const wanted = left.size
    if (wanted === 0) continue
    users++
    let gain = 0
    let most = 0
    for (let rank = 0; rank < Math.min(wanted, k); rank++) most += 1 / Math.log2(rank + 2)
    for (let i = lists.offsets[r]; i < lists.offsets[r + 1]; i++) {
      if (left.delete(lists.values[i])) gain += 1 / Math.log2(i - lists.offsets[r] + 2)
    }
    sums.recall += (wanted - left.size) / wanted
    sums.ndcg += gain / most
  }
  return users === 0 ? sums : { recall: sums.recall / users, ndcg: sums.ndcg / users }
}
