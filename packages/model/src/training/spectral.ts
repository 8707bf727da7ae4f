import type { Csr, Random } from '@sparc/tables'

/** More directions than asked for, so that the last ones come out right (Halko et al. 2011, section 1.3). */
const OVERSAMPLING = 8
const ITERATIONS = 6

/**
 * Item vectors from who used what, before any training: the leading right singular vectors of the normalised user-item
 * matrix `N = D_u^-1/2 X D_i^-1/2`, each scaled by the square root of its singular value, rows then brought to length 1.
 * Items that the same users use begin near each other. Computed by randomised subspace iteration (Halko, Martinsson,
 * Tropp, SIAM Review 2011, algorithm 4.4); the cost is that of `14 (dim + 8)` passes over the interactions.
 *
 * @param sequences each user's items
 * @param items length of the catalogue; items that nobody used get rows of zeros
 * @param breathe called between two passes; may throw to stop
 * @returns `[items, dim]`, row major
 */
export async function spectralVectors(
  sequences: Csr,
  items: number,
  dim: number,
  random: Random,
  breathe: () => Promise<void> = async () => undefined,
): Promise<Float32Array> {
  const users = sequences.offsets.length - 1
  const width = Math.min(dim + OVERSAMPLING, items, Math.max(1, users))
  const weights = normalisation(sequences, items)
  let basis: Float32Array = new Float32Array(items * width)
  for (let i = 0; i < basis.length; i++) basis[i] = random.normal()
  const apply = (from: Float32Array) => gramProduct(sequences, weights, from, items, width)
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    basis = apply(basis)
    await breathe()
    orthonormalise(basis, items, width)
    await breathe()
  }
  // Once more, for what rounding left of the first time (Yamamoto et al. 2015).
  orthonormalise(basis, items, width)
  // Rayleigh and Ritz: inside of the subspace the problem is small and symmetric.
  const { values, vectors } = symmetricEigen(crossProduct(basis, apply(basis), items, width), width)
  const out = new Float32Array(items * dim)
  for (let item = 0; item < items; item++) {
    let squares = 0
    for (let d = 0; d < Math.min(dim, width); d++) {
      let sum = 0
      for (let w = 0; w < width; w++) sum += basis[item * width + w] * vectors[w * width + d]
      // The eigenvalues are squared singular values, so their fourth root is what scales a vector.
      out[item * dim + d] = sum * Math.max(0, values[d]) ** 0.25
      squares += out[item * dim + d] ** 2
    }
    const scale = squares > 1e-24 ? 1 / Math.sqrt(squares) : 0
    for (let d = 0; d < dim; d++) out[item * dim + d] *= scale
  }
  return out
}

function normalisation({ offsets, values }: Csr, items: number): { users: Float64Array; items: Float64Array } {
  const counts = new Float64Array(items)
  for (const item of values) counts[item]++
  const lengths = Float64Array.from({ length: offsets.length - 1 }, (_, u) => offsets[u + 1] - offsets[u])
  const inverse = (n: number) => (n > 0 ? 1 / Math.sqrt(n) : 0)
  return { users: lengths.map(inverse), items: counts.map(inverse) }
}

/** `N^T N from`, one user at a time: `[items, width]`. */
function gramProduct(
  { offsets, values }: Csr,
  weights: { users: Float64Array; items: Float64Array },
  from: Float32Array,
  items: number,
  width: number,
): Float32Array {
  const to = new Float32Array(items * width)
  const user = new Float64Array(width)
  for (let u = 0; u + 1 < offsets.length; u++) {
    user.fill(0)
    const squared = weights.users[u] ** 2
    for (let at = offsets[u]; at < offsets[u + 1]; at++) {
      const weight = weights.items[values[at]] * squared
      const row = values[at] * width
      for (let w = 0; w < width; w++) user[w] += weight * from[row + w]
    }
    for (let at = offsets[u]; at < offsets[u + 1]; at++) {
      const weight = weights.items[values[at]]
      const row = values[at] * width
      for (let w = 0; w < width; w++) to[row + w] += weight * user[w]
    }
  }
  return to
}

/** `A^T B`, `[width, width]`, of two `[rows, width]` matrices. */
function crossProduct(a: Float32Array, b: Float32Array, rows: number, width: number): Float64Array {
  const out = new Float64Array(width * width)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < width; i++) {
      const left = a[r * width + i]
      if (left === 0) continue
      for (let j = 0; j < width; j++) out[i * width + j] += left * b[r * width + j]
    }
  }
  return out
}

/** Makes the columns of `[rows, width]` orthonormal, in place, by Cholesky QR. */
function orthonormalise(matrix: Float32Array, rows: number, width: number): void {
  const l = crossProduct(matrix, matrix, rows, width)
  const jitter = 1e-7 * l.reduce((most, value) => Math.max(most, value), 1e-30)
  for (let j = 0; j < width; j++) {
    for (let i = j; i < width; i++) {
      let sum = l[i * width + j] + (i === j ? jitter : 0)
      for (let k = 0; k < j; k++) sum -= l[i * width + k] * l[j * width + k]
      l[i * width + j] = i === j ? Math.sqrt(Math.max(sum, jitter)) : sum / l[j * width + j]
    }
  }
  const row = new Float64Array(width)
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j++) {
      let sum = matrix[r * width + j]
      for (let k = 0; k < j; k++) sum -= row[k] * l[j * width + k]
      row[j] = sum / l[j * width + j]
    }
    matrix.set(row, r * width)
  }
}

/** Eigenvalues, largest first, and eigenvectors as columns, of a small symmetric matrix: cyclic Jacobi rotations. */
function symmetricEigen(source: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = source.slice()
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0
    let all = 0
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) all += a[i * n + j] ** 2
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += a[i * n + j] ** 2
    if (off <= 1e-22 * all) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i])
  const values = Float64Array.from(order, (i) => a[i * n + i])
  const vectors = new Float64Array(n * n)
  for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) vectors[r * n + c] = v[r * n + order[c]]
  return { values, vectors }
}

/** One Jacobi rotation that makes `a[p, q]` zero (Golub and Van Loan, section 8.5.2). */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]
  if (apq === 0) return
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[k * n + p], a[k * n + q]]
    a[k * n + p] = c * kp - s * kq
    a[k * n + q] = s * kp + c * kq
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[p * n + k], a[q * n + k]]
    a[p * n + k] = c * pk - s * qk
    a[q * n + k] = s * pk + c * qk
    const [vp, vq] = [v[k * n + p], v[k * n + q]]
    v[k * n + p] = c * vp - s * vq
    v[k * n + q] = s * vp + c * vq
  }
}
