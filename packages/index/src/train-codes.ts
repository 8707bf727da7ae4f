import { random } from '@sparc/tables'
import { allProducts, flatLayout } from './exact/layout.ts'
import { Arena } from './exact/memory.ts'

/** Coarse codes for embeddings that came without. */
export interface TrainedCodes {
  /** `[codes, dim]` */
  centroids: Float32Array
  codes: number
}

const ITERATIONS = 12
/** Rows a code that training looks at; more do not move the centroids. */
const ROWS_PER_CODE = 256

/** How many codes to train where nobody said: about half the square root of the items, a power of two. */
export function defaultCodes(items: number): number {
  return Math.min(4096, Math.max(1, 2 ** Math.round(Math.log2(Math.sqrt(Math.max(1, items)) / 2))))
}

/** Where centroids lie while they are compared with rows; one for all, because memories for kernels are dear. */
let arena: Arena | undefined

/**
 * Runs `use` with a function that says which centroid is nearest to the vector at `vectors[at]`, Euclidean:
 * `argmin |v - c|^2 = argmax v . c - |c|^2 / 2`, the second term being one more dimension, where every query has a 1. Both
 * are taken from the middle of the centroids, because far from the origin float32 could not tell them apart.
 */
function withNearest<T>(
  centroids: Float32Array,
  dim: number,
  use: (nearest: (vectors: Float32Array, at: number) => number) => T,
): T {
  const codes = centroids.length / dim
  const layout = flatLayout(dim + 1)
  arena ??= new Arena()
  const on = arena
  const region = on.take(Math.ceil(codes / 16) * layout.blockBytes)
  const row = new Float32Array(dim + 1)
  const middle = new Float64Array(dim)
  for (let c = 0; c < codes; c++) for (let d = 0; d < dim; d++) middle[d] += centroids[c * dim + d] / codes
  for (let c = 0; region && c < codes; c++) {
    for (let d = 0; d < dim; d++) row[d] = centroids[c * dim + d] - middle[d]
    let squares = 0
    for (let d = 0; d < dim; d++) squares += row[d] ** 2
    row[dim] = -squares / 2
    layout.write(on, region.at, c, row, 0)
  }
  const query = new Float32Array(dim + 1)
  query[dim] = 1
  const scores = new Float64Array(codes)
  const nearest = (vectors: Float32Array, at: number): number => {
    for (let d = 0; d < dim; d++) query[d] = vectors[at + d] - middle[d]
    if (region) allProducts(layout, region, codes, query, 0, scores)
    let best = 0
    for (let c = 1; c < codes; c++) if (scores[c] > scores[best]) best = c
    return best
  }
  try {
    return use(nearest)
  } finally {
    if (region) on.give(region)
  }
}

/** The nearest centroid of every row. */
export function assignCodes({ centroids }: TrainedCodes, vectors: Float32Array, dim: number): Uint16Array {
  return withNearest(centroids, dim, (nearest) =>
    Uint16Array.from({ length: vectors.length / dim }, (_, r) => nearest(vectors, r * dim)),
  )
}

/** k-means (Lloyd) on a sample; an empty cluster takes half of the largest one. */
export function trainCodes(
  vectors: Float32Array,
  dim: number,
  codes: number,
  seed: number,
  { rowsPerCode = ROWS_PER_CODE, iterations = ITERATIONS } = {},
): TrainedCodes {
  const source = random(seed).fork('codes')
  const rows = vectors.length / dim
  const order = source.shuffle(Int32Array.from({ length: rows }, (_, r) => r)).subarray(0, codes * rowsPerCode)
  const centroids = new Float32Array(codes * dim)
  for (let c = 0; c < codes && rows > 0; c++) {
    const from = order[c % order.length] * dim
    for (let d = 0; d < dim; d++) centroids[c * dim + d] = vectors[from + d] * (c < order.length ? 1 : 1 + 1e-6 * c)
  }
  for (let iteration = 0; iteration < iterations && order.length > codes; iteration++) {
    const sums = new Float64Array(codes * dim)
    const counts = new Int32Array(codes)
    withNearest(centroids, dim, (nearest) => {
      for (const r of order) {
        const code = nearest(vectors, r * dim)
        counts[code]++
        for (let d = 0, to = code * dim; d < dim; d++, to++) sums[to] += vectors[r * dim + d]
      }
    })
    for (let c = 0; c < codes; c++) {
      for (let d = 0; d < dim && counts[c] > 0; d++) centroids[c * dim + d] = sums[c * dim + d] / counts[c]
    }
    splitLargest(centroids, counts, dim)
  }
  return { centroids, codes }
}

function splitLargest(centroids: Float32Array, counts: Int32Array, dim: number): void {
  for (let c = 0; c < counts.length; c++) {
    if (counts[c] > 0) continue
    const largest = counts.indexOf(Math.max(...counts))
    for (let d = 0; d < dim; d++) {
      const value = centroids[largest * dim + d]
      const shift = (d & 1 ? 1 : -1) * 1e-3 * (Math.abs(value) + 1e-6)
      centroids[c * dim + d] = value + shift
      centroids[largest * dim + d] = value - shift
    }
    counts[c] = counts[largest] >> 1
    counts[largest] -= counts[c]
  }
}
