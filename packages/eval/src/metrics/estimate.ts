import { studentQuantile } from '../significance/student.ts'

/** A mean over cases, with how sure it is. Null where nobody counted, or where an interval has no meaning. */
export interface Estimate {
  mean: number | null
  /** Ends of the confidence interval of the mean (Student's t over cases). */
  low: number | null
  high: number | null
  /** Standard deviation over cases. */
  deviation: number | null
  /** Cases that counted. */
  count: number
}

/** Sums and running variances (Welford, Technometrics 1962) of many columns at once; NaN is left out. */
export interface Moments {
  add(values: Float64Array, from: number, to: number): void
  estimate(column: number, confidence: number): Estimate
}

export function moments(columns: number): Moments {
  const count = new Float64Array(columns)
  const sum = new Float64Array(columns)
  const mean = new Float64Array(columns)
  const squares = new Float64Array(columns)
  return {
    add(values, from, to) {
      for (let column = from; column < to; column++) {
        const value = values[column]
        if (Number.isNaN(value)) continue
        const n = ++count[column]
        sum[column] += value
        const delta = value - mean[column]
        mean[column] += delta / n
        squares[column] += delta * (value - mean[column])
      }
    },
    estimate(column, confidence) {
      const n = count[column]
      if (n === 0) return { mean: null, low: null, high: null, deviation: null, count: 0 }
      const at = sum[column] / n
      if (n === 1) return { mean: at, low: null, high: null, deviation: null, count: 1 }
      const deviation = Math.sqrt(squares[column] / (n - 1))
      const half = (studentQuantile(confidence, n - 1) * deviation) / Math.sqrt(n)
      return { mean: at, low: at - half, high: at + half, deviation, count: n }
    },
  }
}

/** A number about all cases together: no interval, no deviation. */
export function single(value: number, count: number): Estimate {
  return { mean: Number.isNaN(value) ? null : value, low: null, high: null, deviation: null, count }
}
