/**
 * Holm's step-down correction (Scandinavian Journal of Statistics 1979): p values that may be held against one level
 * however many claims are made together. In the order given.
 *
 * ```ts
 * holm([0.01, 0.04, 0.03]) // [0.03, 0.06, 0.06]
 * ```
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => ps[i] - ps[j])
  const adjusted: number[] = new Array(ps.length)
  let highest = 0
  for (const [step, i] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (ps.length - step) * ps[i]))
    adjusted[i] = highest
  }
  return adjusted
}
