import type { Matrix, Random } from '@sparc/tables'

/** `count` distinct rows in random order, or all of them where there are no more. */
export function sampleRows(vectors: Matrix, count: number, random: Random): Matrix {
  if (vectors.rows <= count) return vectors
  const { dim } = vectors
  const order = random.shuffle(Int32Array.from({ length: vectors.rows }, (_, i) => i))
  const data = new Float32Array(count * dim)
  for (let r = 0; r < count; r++) data.set(vectors.data.subarray(order[r] * dim, (order[r] + 1) * dim), r * dim)
  return { data, rows: count, dim }
}

/** The rows named by `order[start .. start + count)`: a copy. */
export function rowsAt(vectors: Matrix, order: Int32Array, start: number, count: number): Matrix {
  const { dim } = vectors
  const data = new Float32Array(count * dim)
  for (let i = 0; i < count; i++) {
    const r = order[start + i]
    data.set(vectors.data.subarray(r * dim, (r + 1) * dim), i * dim)
  }
  return { data, rows: count, dim }
}
