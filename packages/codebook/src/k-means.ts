import type { Matrix, Random } from '@sparc/tables'
import { capacityPrices } from './prices.ts'
import { encodeResidual } from './residual-codes.ts'
import { sampleRows } from './sample.ts'
import { unitMatrix } from './vectors.ts'

/** How k-means runs. */
export interface KMeansOptions {
  /** Rounds of Lloyd's algorithm. Default 25. */
  iterations?: number
  /** Vectors used per code; more are sampled down to this many. Default 256, as FAISS does. */
  samplesPerCode?: number
  /** Centres are made length 1 after each round, for vectors of length 1. Default false. */
  spherical?: boolean
}

function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  let sum = 0
  for (let d = 0; d < dim; d++) sum += (a[i * dim + d] - b[j * dim + d]) ** 2
  return sum
}

/**
 * k-means++ seeding: each next centre is a vector drawn with probability proportional to its squared distance from the
 * nearest centre so far (Arthur and Vassilvitskii, SODA 2007, section 2.2).
 *
 * @returns `[size, dim]`
 */
export function kMeansPlusPlus(vectors: Matrix, size: number, random: Random): Matrix {
  const { data, rows, dim } = vectors
  const centres = new Float32Array(size * dim)
  const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  let chosen = random.int(rows)
  for (let c = 0; c < size; c++) {
    centres.set(data.subarray(chosen * dim, (chosen + 1) * dim), c * dim)
    let total = 0
    for (let r = 0; r < rows; r++) {
      const distance = squaredDistance(data, r, centres, c, dim)
      if (distance < least[r]) least[r] = distance
      total += least[r]
    }
    // All vectors coincide with a centre: any one will do.
    if (total === 0) {
      chosen = random.int(rows)
      continue
    }
    let mark = random.next() * total
    chosen = rows - 1
    for (let r = 0; r < rows; r++) {
      mark -= least[r]
      if (mark < 0) {
        chosen = r
        break
      }
    }
  }
  return { data: centres, rows: size, dim }
}

/** The mean of the vectors of each code; a code without vectors gets the vector farthest from its own centre. */
function recentre(vectors: Matrix, codes: Uint16Array, centres: Matrix): void {
  const { data, rows, dim } = vectors
  const counts = new Int32Array(centres.rows)
  const sums = new Float64Array(centres.data.length)
  for (let r = 0; r < rows; r++) {
    counts[codes[r]]++
    for (let d = 0; d < dim; d++) sums[codes[r] * dim + d] += data[r * dim + d]
  }
  const empty: number[] = []
  for (let c = 0; c < centres.rows; c++) {
    if (counts[c] === 0) empty.push(c)
    else for (let d = 0; d < dim; d++) centres.data[c * dim + d] = sums[c * dim + d] / counts[c]
  }
  if (empty.length === 0) return
  const distances = Float64Array.from({ length: rows }, (_, r) => squaredDistance(data, r, centres.data, codes[r], dim))
  const far = Array.from(distances.keys()).sort((a, b) => distances[b] - distances[a])
  for (const [i, c] of empty.entries()) {
    const r = far[i]
    centres.data.set(data.subarray(r * dim, (r + 1) * dim), c * dim)
  }
}

/**
 * Lloyd's algorithm from k-means++ seeds (Lloyd 1982; Arthur and Vassilvitskii 2007). The caller has checked that there
 * are at least as many vectors as codes.
 *
 * @returns `[size, dim]`
 */
export function kMeans(vectors: Matrix, size: number, random: Random, options: KMeansOptions = {}): Matrix {
  const { iterations = 25, samplesPerCode = 256, spherical = false } = options
  const sample = sampleRows(vectors, size * samplesPerCode, random)
  const centres = kMeansPlusPlus(sample, size, random)
  for (let i = 0; i < iterations; i++) {
    recentre(sample, encodeResidual(sample, [{ vectors: centres }]).data, centres)
    if (spherical) centres.data.set(unitMatrix(centres).data)
  }
  return centres
}

/**
 * Centres, and prices that keep each within a capacity: rounds of pricing, assigning by distance and price, and
 * recentring, from the centres given.
 *
 * @param capacity the most vectors of a code, in fair shares
 */
export function balancedKMeans(
  vectors: Matrix,
  centres: Matrix,
  random: Random,
  capacity: number,
  rounds = 12,
): { vectors: Matrix; prices: Float32Array } {
  const moved = { ...centres, data: centres.data.slice() }
  // On the way, rough prices of some of the vectors will do.
  const samplesPerCode = Math.min(64, Math.max(16, Math.floor(8192 / centres.rows)))
  const rough = { capacity, sweeps: 4, samplesPerCode }
  let prices = capacityPrices(vectors, moved, random, rough)
  for (let round = 0; round < rounds; round++) {
    recentre(vectors, encodeResidual(vectors, [{ vectors: moved, prices }]).data, moved)
    prices = capacityPrices(vectors, moved, random, round + 1 < rounds ? rough : { capacity }, prices)
  }
  return { vectors: moved, prices }
}
