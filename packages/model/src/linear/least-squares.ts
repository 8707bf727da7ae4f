import { type Csr, type Matrix, row } from '@sparc/tables'

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

/**
 * Improves rows `from` to `to` of `solutions`, `[rows, dim]`, by a few steps of conjugate gradients from where it stands
 * (Takács, Pilászy and Tikk, RecSys 2011): no matrix per user is ever made.
 */
export function improveAll(
  regression: Regression,
  liked: Csr,
  solutions: Matrix,
  steps: number,
  from = 0,
  to = solutions.rows,
): void {
  const { factors, gram, alpha } = regression
  const { dim } = factors
  const y = factors.data
  const x = new Float64Array(dim)
  const r = new Float64Array(dim)
  const p = new Float64Array(dim)
  const ap = new Float64Array(dim)
  /** `out = sign * A v`, plus `sum_i alpha Y_i` where `sign` is -1. */
  const apply = (v: Float64Array, out: Float64Array, items: Int32Array, sign: number) => {
    for (let i = 0; i < dim; i++) {
      let sum = 0
      for (let j = 0, at = i * dim; j < dim; j++, at++) sum += gram[at] * v[j]
      out[i] = sign * sum
    }
    for (const item of items) {
      const start = item * dim
      let dot = 0
      for (let j = 0; j < dim; j++) dot += y[start + j] * v[j]
      const weight = sign * (alpha - 1) * dot + (sign < 0 ? alpha : 0)
      for (let j = 0; j < dim; j++) out[j] += weight * y[start + j]
    }
  }
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0
    for (let i = 0; i < dim; i++) sum += a[i] * b[i]
    return sum
  }
  for (let u = from; u < to; u++) {
    const own = solutions.data.subarray(u * dim, (u + 1) * dim)
    const items = row(liked, u)
    if (items.length === 0) {
      own.fill(0)
      continue
    }
    x.set(own)
    apply(x, r, items, -1)
    p.set(r)
    let old = dot(r, r)
    for (let step = 0; step < steps && old > 1e-20; step++) {
      apply(p, ap, items, 1)
      const length = old / dot(p, ap)
      for (let i = 0; i < dim; i++) {
        x[i] += length * p[i]
        r[i] -= length * ap[i]
      }
      const next = dot(r, r)
      for (let i = 0; i < dim; i++) p[i] = r[i] + (next / old) * p[i]
      old = next
    }
    own.set(x)
  }
}
