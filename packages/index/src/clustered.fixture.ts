// Vectors for measuring where no trained ones are at hand: clusters of uneven size, as learned item vectors have them.
import { type Embeddings, type Interests, random } from '@sparc/tables'

/**
 * A clustered catalogue and queries near its items: item = centre of its code + a finer centre + noise, normalised.
 *
 * @param options.spread length of the noise relative to that of a centre: the larger, the more shards hold neighbours
 */
export function clustered(options: { items: number; dim: number; codes: number; queries: number; spread: number }): {
  embeddings: Embeddings
  interests: Interests
} {
  const { items, dim, codes, queries, spread } = options
  const source = random(1230)
  const normals = (rows: number) => Float32Array.from({ length: rows * dim }, () => source.normal())
  const coarse = normals(codes)
  const fine = normals(codes * 32)
  const data = new Float32Array(items * dim)
  const code = new Uint16Array(items)
  for (let i = 0; i < items; i++) {
    // Shards of uneven size: the largest holds several times what the smallest does.
    const c = Math.floor(source.next() ** 1.5 * codes)
    const f = c * 32 + source.int(32)
    code[i] = c
    for (let d = 0; d < dim; d++) {
      data[i * dim + d] = coarse[c * dim + d] + 0.7 * fine[f * dim + d] + spread * source.normal()
    }
  }
  const asked = new Float32Array(queries * dim)
  const askedCodes = new Uint16Array(queries)
  for (let q = 0; q < queries; q++) {
    const item = source.int(items)
    askedCodes[q] = code[item]
    for (let d = 0; d < dim; d++) asked[q * dim + d] = data[item * dim + d] + 0.8 * source.normal()
  }
  normalise(data, dim)
  normalise(asked, dim)
  const score = { metric: 'cosine' as const, scale: 1 }
  return {
    embeddings: {
      items: Int32Array.from({ length: items }, (_, i) => i),
      ids: Array.from({ length: items }, (_, i) => `B${String(i).padStart(9, '0')}`),
      vectors: { data, rows: items, dim },
      codes: { levels: 1, data: code },
      score,
    },
    interests: {
      users: Array.from({ length: queries }, (_, q) => `q${q}`),
      offsets: Int32Array.from({ length: queries + 1 }, (_, q) => q),
      vectors: { data: asked, rows: queries, dim },
      codes: askedCodes,
      score,
    },
  }
}

function normalise(data: Float32Array, dim: number): void {
  for (let at = 0; at < data.length; at += dim) {
    let squares = 0
    for (let d = 0; d < dim; d++) squares += data[at + d] ** 2
    const length = Math.sqrt(squares)
    for (let d = 0; d < dim; d++) data[at + d] /= length
  }
}
