/**
 * Splits `total` over parts in proportion to their weights, by largest remainder, each part getting at least one. Where
 * there are more parts than `total`, the heaviest get one each. Ties go to the earlier part.
 *
 * @param weights not negative; where all are zero, the parts share evenly
 *
 * @example splitBudget(10, [0.5, 0.3, 0.2]) // [5, 3, 2]
 */
export function splitBudget(total: number, weights: ArrayLike<number>): number[] {
  const parts = weights.length
  if (parts === 0) return []
  const byWeight = Array.from({ length: parts }, (_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b)
  const shares = new Array<number>(parts).fill(0)
  if (total <= parts) {
    for (const part of byWeight.slice(0, total)) shares[part] = 1
    return shares
  }
  let sum = 0
  for (let i = 0; i < parts; i++) sum += weights[i]
  const exact = Array.from({ length: parts }, (_, i) => (sum > 0 ? (weights[i] / sum) * total : total / parts))
  // Who would get less than one gets one; the rest share what is left in proportion.
  const small = new Set<number>()
  for (let changed = true; changed; ) {
    changed = false
    let left = total - small.size
    let weight = 0
    for (let i = 0; i < parts; i++) if (!small.has(i)) weight += sum > 0 ? weights[i] : 1
    left = Math.max(0, left)
    for (let i = 0; i < parts; i++) {
      if (small.has(i)) continue
      exact[i] = ((sum > 0 ? weights[i] : 1) / weight) * left
      if (exact[i] < 1) {
        small.add(i)
        changed = true
      }
    }
  }
  let given = 0
  for (let i = 0; i < parts; i++) given += shares[i] = small.has(i) ? 1 : Math.floor(exact[i] + 1e-9)
  const byRemainder = byWeight
    .filter((i) => !small.has(i))
    .sort((a, b) => exact[b] - Math.floor(exact[b] + 1e-9) - (exact[a] - Math.floor(exact[a] + 1e-9)) || a - b)
  for (let i = 0; given < total; i = (i + 1) % byRemainder.length, given++) shares[byRemainder[i]]++
  return shares
}
