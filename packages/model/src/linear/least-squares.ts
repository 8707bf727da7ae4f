import { type Csr, type Matrix, row } from '@sparc/tables'
import { createProducts } from '../serving/products.ts'
import { product } from '../serving/vectors.ts'

/**
 * The weighted ridge regression inside implicit ALS (Hu, Koren and Volinsky, ICDM 2008, equation 4): the vector `x` of a user
 * that likes the rows `Y_i, i in liked` with confidence `alpha` and everything else, as a dislike, with confidence 1:
 *
 * `(Y'Y + lambda I + sum_i (alpha - 1) Y_i Y_i') x = sum_i alpha Y_i`
 */
export interface Regression {
  factors: Matrix
  /** `Y'Y + lambda I`, `[dim, dim]`, the same for every user */
  gram: Float64Array
  alpha: number
}

/** `Y'Y + lambda I` of factors `[rows, dim]`. */
export function gramOf({ data, rows, dim }: Matrix, lambda: number): Float64Array {
  const gram = new Float64Array(dim * dim)
  for (let r = 0; r < rows; r++) {
    const start = r * dim
    for (let i = 0; i < dim; i++) {
      const x = data[start + i]
      const at = i * dim
      for (let j = 0; j <= i; j++) gram[at + j] += x * data[start + j]
    }
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) gram[j * dim + i] = gram[i * dim + j]
    gram[i * dim + i] += lambda
  }
  return gram
}

/** Solves one regression exactly, by Cholesky. Writes `x` to `out`, `[dim]`. */
export function solveExactly({ factors, gram, alpha }: Regression, liked: Int32Array, out: Float32Array): void {
  const { data, dim } = factors
  const a = gram.slice()
  const x = new Float64Array(dim)
  for (const item of liked) {
    const start = item * dim
    for (let i = 0; i < dim; i++) {
      const y = data[start + i]
      x[i] += alpha * y
      for (let j = 0; j <= i; j++) a[i * dim + j] += (alpha - 1) * y * data[start + j]
    }
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * dim + j]
      for (let k = 0; k < j; k++) sum -= a[i * dim + k] * a[j * dim + k]
      a[i * dim + j] = i === j ? Math.sqrt(sum) : sum / a[j * dim + j]
    }
  }
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i * dim + k] * x[k]
    x[i] /= a[i * dim + i]
  }
  for (let i = dim - 1; i >= 0; i--) {
    for (let k = i + 1; k < dim; k++) x[i] -= a[k * dim + i] * x[k]
    x[i] /= a[i * dim + i]
    out[i] = x[i]
  }
}

/** Users whose products with the gram matrix are computed together. */
const BLOCK = 64

/** Improves rows `from` (0) to `to` (the last) of `solutions`, `[rows, dim]`, by some steps from where they stand. */
export type Improve = (
  regression: Regression,
  liked: Csr,
  solutions: Matrix,
  steps: number,
  from?: number,
  to?: number,
) => void

/**
 * Makes what solves regressions step by step, by conjugate gradients (Takács, Pilászy and Tikk, RecSys 2011): no matrix per user is ever
 * made. Users go in step, a block of them at a time, so that the products with the gram matrix, nearly all of the work, are one product of
 * matrices, in float32; its memory is made once.
 */
export function createImprover(dim: number): Improve {
  const timesGram = createProducts()({ inputs: dim, outputs: dim, rows: BLOCK })
  const [x, r, p, ap] = Array.from({ length: 4 }, () => new Float64Array(BLOCK * dim))
  /** Squared length of each residual. */
  const old = new Float64Array(BLOCK)
  return ({ factors, gram, alpha }, liked, solutions, steps, from = 0, to = solutions.rows) => {
    timesGram.set(gram)
    for (let start = from; start < to; start += BLOCK) {
      const count = Math.min(BLOCK, to - start)
      const own = solutions.data.subarray(start * dim, (start + count) * dim)
      x.set(own)
      timesGram(x, count, ap)
      for (let u = 0, at = 0; u < count; u++, at += dim) {
        const items = row(liked, start + u)
        if (items.length === 0) x.fill(0, at, at + dim)
        addLiked(factors, items, x, at, 1 - alpha, alpha, r.fill(0, at, at + dim))
        for (let i = at; i < at + dim; i++) r[i] -= ap[i]
        old[u] = items.length === 0 ? 0 : product(r, at, r, at, dim)
      }
      p.set(r)
      for (let step = 0; step < steps; step++) {
        timesGram(p, count, ap)
        for (let u = 0, at = 0; u < count; u++, at += dim) {
          if (old[u] <= 1e-20) continue
          addLiked(factors, row(liked, start + u), p, at, alpha - 1, 0, ap)
          const length = old[u] / product(p, at, ap, at, dim)
          for (let i = at; i < at + dim; i++) {
            x[i] += length * p[i]
            r[i] -= length * ap[i]
          }
          const next = product(r, at, r, at, dim)
          for (let i = at; i < at + dim; i++) p[i] = r[i] + (next / old[u]) * p[i]
          old[u] = next
        }
      }
      own.set(x.subarray(0, count * dim))
    }
  }
}

/** Adds `sum_i (weight Y_i . v + constant) Y_i` over the liked items to `out`; `v` and `out` begin at `at`. */
function addLiked(
  { data, dim }: Matrix,
  items: Int32Array,
  v: Float64Array,
  at: number,
  weight: number,
  constant: number,
  out: Float64Array,
): void {
  for (const item of items) {
    const start = item * dim
    let score = 0
    for (let j = 0; j < dim; j++) score += data[start + j] * v[at + j]
    const factor = weight * score + constant
    for (let j = 0; j < dim; j++) out[at + j] += factor * data[start + j]
  }
}
