import type { Matrix, Random } from '@sparc/tables'
import { biases } from './nearest.ts'
import { sampleRows } from './sample.ts'

/** How prices are found. */
export interface PriceOptions {
  /** The most vectors that a code may carry, as a multiple of its fair share `rows / size`. 1 is exactly uniform. */
  capacity: number
  /** Sweeps of the coordinate ascent over the codes at most; it ends when all are within 2 % of their capacity. Default 20. */
  sweeps?: number
  /** Vectors used at most; more are sampled down to this many per code. Default 128. */
  samplesPerCode?: number
}

/** Squared distances of every vector to every codeword but for the vector's own length, `[rows, size]`. */
function distancesOf(vectors: Matrix, codewords: Matrix): Float32Array {
  const { data: x, rows, dim } = vectors
  const { data: w, rows: size } = codewords
  const bias = biases(codewords)
  const out = new Float32Array(rows * size)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < size; c++) {
      let dot = 0
      for (let d = 0; d < dim; d++) dot += x[r * dim + d] * w[c * dim + d]
      out[r * size + c] = 2 * (bias[c] - dot)
    }
  }
  return out
}

/**
 * The price at which just `count` of the gains are larger: midway to the next one, so that no vector sits on the
 * border. There are more than `count`. Sorts its argument.
 */
function priceFor(gains: Float32Array, count: number): number {
  gains.sort()
  return (gains[gains.length - count] + gains[gains.length - count - 1]) / 2
}

/**
 * Rough prices by smoothed assignments: each vector is shared among the codes by `softmin((d + price) / epsilon)`, and
 * a code that gets more than `most` becomes dearer, `price += epsilon log(share / most)`, never below 0; `epsilon` is
 * halved in steps (Sinkhorn's iteration with a capacity instead of a fixed share; Cuturi, NeurIPS 2013).
 *
 * @param prices changed in place
 * @param from the first `epsilon`, in mean differences between a vector's codes
 */
function smoothPrices(distances: Float32Array, rows: number, most: number, prices: Float32Array, from: number): void {
  const size = prices.length
  let spread = 0
  for (let r = 0; r < rows; r++) {
    let least = Number.POSITIVE_INFINITY
    let sum = 0
    for (let c = 0; c < size; c++) {
      least = Math.min(least, distances[r * size + c])
      sum += distances[r * size + c]
    }
    spread += (sum / size - least) / rows
  }
  const shares = new Float64Array(size)
  const weights = new Float64Array(size)
  for (let epsilon = spread * from; epsilon > spread / 2000; epsilon /= 2) {
    for (let iteration = 0; iteration < 5; iteration++) {
      shares.fill(0)
      for (let r = 0; r < rows; r++) {
        let least = Number.POSITIVE_INFINITY
        for (let c = 0; c < size; c++) least = Math.min(least, distances[r * size + c] + prices[c])
        let total = 0
        for (let c = 0; c < size; c++) {
          const above = (distances[r * size + c] + prices[c] - least) / epsilon
          weights[c] = above < 20 ? Math.exp(-above) : 0
          total += weights[c]
        }
        for (let c = 0; c < size; c++) shares[c] += weights[c] / total
      }
      for (let c = 0; c < size; c++) {
        prices[c] = Math.max(0, prices[c] + epsilon * Math.log(Math.max(shares[c], 1e-3) / most))
      }
    }
  }
}

/** The most rows of one code. */
function largestLoad(codes: Int32Array, size: number): number {
  const loads = new Int32Array(size)
  for (const code of codes) loads[code]++
  return Math.max(...loads)
}

/**
 * Prices that keep every code within a capacity when each vector goes to `argmin_c |x - c|^2 + price_c`.
 *
 * They are the dual variables of the assignment of least cost under a capacity per code; each is set in turn to the
 * least price at which no more than the capacity prefer its code to their next best (the auction of Bertsekas 1988,
 * as a coordinate ascent of the dual), from smoothed prices. A code within its capacity has price 0. The capacity holds over the vectors
 * given, up to ties and to the rounds taken; vectors like them get balanced codes too.
 *
 * @returns `[size]`, squared distances, all at least 0
 */
export function capacityPrices(
  vectors: Matrix,
  codewords: Matrix,
  random: Random,
  options: PriceOptions,
  start?: Float32Array,
): Float32Array {
  const { capacity, sweeps = 20, samplesPerCode = 128 } = options
  const size = codewords.rows
  const sample = sampleRows(vectors, size * samplesPerCode, random)
  const { rows } = sample
  const most = Math.max(1, Math.ceil((capacity * rows) / size))
  const distances = distancesOf(sample, codewords)
  const prices = start ? start.slice() : new Float32Array(size)
  smoothPrices(distances, rows, most, prices, start ? 1 / 64 : 1 / 8)
  const order = Int32Array.from({ length: size }, (_, c) => c)
  const best = new Float32Array(rows)
  const second = new Float32Array(rows)
  const chosen = new Int32Array(rows)
  const rescan = (r: number) => {
    let b = Number.POSITIVE_INFINITY
    let s = Number.POSITIVE_INFINITY
    let at = 0
    for (let c = 0; c < size; c++) {
      const cost = distances[r * size + c] + prices[c]
      if (cost < b) {
        s = b
        b = cost
        at = c
      } else if (cost < s) s = cost
    }
    best[r] = b
    second[r] = s
    chosen[r] = at
  }
  for (let r = 0; r < rows; r++) rescan(r)
  const gains = new Float32Array(rows)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = false
    for (const c of random.shuffle(order)) {
      // What a vector gains by this code over its best other one, before the code's price.
      let wanting = 0
      for (let r = 0; r < rows; r++) {
        const gain = (chosen[r] === c ? second[r] : best[r]) - distances[r * size + c]
        if (gain > 0) gains[wanting++] = gain
      }
      const price = wanting > most ? priceFor(gains.subarray(0, wanting), most) : 0
      if (price === prices[c]) continue
      moved = true
      const before = prices[c]
      prices[c] = price
      for (let r = 0; r < rows; r++) {
        if (chosen[r] === c || distances[r * size + c] + Math.min(before, price) <= second[r]) rescan(r)
      }
    }
    if (!moved || largestLoad(chosen, size) <= Math.ceil(most * 1.02)) break
  }
  return prices
}
