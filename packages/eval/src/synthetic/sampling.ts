import type { Random } from '@sparc/tables'

/** Draws from fixed weights by binary search in their running sums. */
export interface Sampler {
  /** An index into `values`. */
  draw(source: Random): number
  values: Int32Array
}

export function sampler(values: Int32Array, weight: (value: number) => number): Sampler {
  const sums = new Float64Array(values.length)
  let total = 0
  for (let i = 0; i < values.length; i++) {
    total += weight(values[i])
    sums[i] = total
  }
  return {
    values,
    draw(source) {
      const wanted = source.next() * total
      let low = 0
      let high = sums.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if (sums[middle] > wanted) high = middle
        else low = middle + 1
      }
      return values[low]
    },
  }
}

/** An index drawn in proportion to the weights; -1 where all are 0. */
export function pick(source: Random, weights: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < weights.length; i++) total += weights[i]
  if (!(total > 0)) return -1
  let wanted = source.next() * total
  for (let i = 0; i < weights.length; i++) {
    wanted -= weights[i]
    if (wanted < 0 && weights[i] > 0) return i
  }
  for (let i = weights.length - 1; ; i--) if (weights[i] > 0) return i
}

export interface LongTail {
  floor: number
  median: number
  spread: number
  maximum: number
}

/** `floor + median * exp(spread * normal)`, at most `maximum`. */
export function longTail(source: Random, { floor, median, spread, maximum }: LongTail): number {
  return Math.min(maximum, floor + median * Math.exp(spread * source.normal()))
}

/** Exponential with the given mean. */
export function exponential(source: Random, mean: number): number {
  return -mean * Math.log(1 - source.next())
}

/** Poisson with a small mean (Knuth's product of uniforms). */
export function poisson(source: Random, mean: number): number {
  const limit = Math.exp(-mean)
  let product = source.next()
  let count = 0
  while (product > limit) {
    count++
    product *= source.next()
  }
  return count
}
