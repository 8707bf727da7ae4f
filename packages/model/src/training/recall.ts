import type { Csr } from '@sparc/tables'

/**
 * Recall@k: the share of a user's distinct targets that its list holds, averaged over the users that have a target.
 *
 * @param lists the `k` best items of each user
 */
export function meanRecall(lists: Csr, targets: Csr): number {
  let sum = 0
  let users = 0
  for (let r = 0; r < targets.offsets.length - 1; r++) {
    const wanted = new Set(targets.values.subarray(targets.offsets[r], targets.offsets[r + 1]))
    if (wanted.size === 0) continue
    users++
    let hits = 0
    for (let i = lists.offsets[r]; i < lists.offsets[r + 1]; i++) if (wanted.delete(lists.values[i])) hits++
    sum += hits / (hits + wanted.size)
  }
  return users === 0 ? 0 : sum / users
}
