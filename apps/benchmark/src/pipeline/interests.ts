import type { Interests } from '@sparc/tables'

function cosine(data: Float32Array, a: number, b: number, dim: number): number {
  let dot = 0
  let left = 0
  let right = 0
  for (let i = 0; i < dim; i++) {
    dot += data[a + i] * data[b + i]
    left += data[a + i] ** 2
    right += data[b + i] ** 2
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right)
}

/** Mean cosine over all pairs of vectors of each user, `[users]`; NaN for users with fewer than two. */
export function interestCosines({ offsets, vectors: { data, dim } }: Interests): Float64Array {
  return Float64Array.from({ length: offsets.length - 1 }, (_, user) => {
    let sum = 0
    let pairs = 0
    for (let a = offsets[user]; a < offsets[user + 1]; a++) {
      for (let b = a + 1; b < offsets[user + 1]; b++) {
        sum += cosine(data, a * dim, b * dim, dim)
        pairs++
      }
    }
    return pairs === 0 ? Number.NaN : sum / pairs
  })
}

/** The mean of what is a number; undefined where nothing is. */
export function meanOf(values: Float64Array): number | undefined {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length
}
