import type { RankedCase } from './metric.ts'

/**
 * Walks down a list once and gives the mean value of its items so far at each K, ascending: `out[at..]`, NaN where no item
 * is of the catalogue.
 *
 * @param values one for each item of the catalogue
 */
export function runningMeans(
  ks: number[],
  values: Float64Array | Int32Array,
): (list: Pick<RankedCase, 'items' | 'length'>, out: Float64Array, at: number) => void {
  return ({ items, length }, out, at) => {
    let sum = 0
    let known = 0
    let rank = 0
    for (let j = 0; j < ks.length; j++) {
      const end = Math.min(ks[j], length)
      for (; rank < end; rank++) {
        const item = items[rank]
        if (item < 0 || item >= values.length) continue
        sum += values[item]
        known++
      }
      out[at + j] = known === 0 ? Number.NaN : sum / known
    }
  }
}
