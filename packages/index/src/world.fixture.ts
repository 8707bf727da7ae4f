import { type Embeddings, type InterestMerge, type Interests, type Random, random, tieHash } from '@sparc/tables'

/** A small clustered catalogue: item vectors around one centre per code, normalised. */
export function catalogue(options: { items: number; dim: number; codes: number; seed: number }): Embeddings {
  const { items, dim, codes } = options
  const source = random(options.seed)
  const centres = normals(source, codes * dim)
  const data = new Float32Array(items * dim)
  const code = new Uint16Array(items * 2)
  for (let i = 0; i < items; i++) {
    const c = Math.floor(source.next() ** 2 * codes)
    code[2 * i] = 3 * c
    code[2 * i + 1] = source.int(8)
    for (let d = 0; d < dim; d++) data[i * dim + d] = centres[c * dim + d] + 0.7 * source.normal()
  }
  normalise(data, dim)
  return {
    items: Int32Array.from({ length: items }, (_, i) => i),
    ids: Array.from({ length: items }, (_, i) => `item-${i}`),
    vectors: { data, rows: items, dim },
    codes: { levels: 2, data: code },
    score: { metric: 'cosine', scale: 7 },
  }
}

/** Users with a few interests each, near items of the catalogue, with probabilities that sum to 1. */
export function people(of: Embeddings, options: { users: number; interests: number; seed: number }): Interests {
  const source = random(options.seed)
  const { dim } = of.vectors
  const offsets = new Int32Array(options.users + 1)
  for (let u = 0; u < options.users; u++) offsets[u + 1] = offsets[u] + 1 + source.int(options.interests)
  const total = offsets[options.users]
  const data = normals(source, total * dim)
  const codes = new Uint16Array(total)
  const probabilities = new Float32Array(total)
  for (let i = 0; i < total; i++) {
    const item = source.int(of.items.length)
    codes[i] = of.codes?.data[item * of.codes.levels] ?? 0
    probabilities[i] = 0.1 + source.next()
    for (let d = 0; d < dim; d++) data[i * dim + d] = of.vectors.data[item * dim + d] + 0.1 * data[i * dim + d]
  }
  normalise(data, dim)
  for (let u = 0; u < options.users; u++) {
    const own = probabilities.subarray(offsets[u], offsets[u + 1])
    const sum = own.reduce((a, b) => a + b, 0)
    for (let i = 0; i < own.length; i++) own[i] /= sum
  }
  return {
    users: Array.from({ length: options.users }, (_, u) => `user-${u}`),
    offsets,
    vectors: { data, rows: total, dim },
    codes,
    probabilities,
    score: of.score,
  }
}

function normals(source: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => source.normal())
}

function normalise(data: Float32Array, dim: number): void {
  for (let at = 0; at < data.length; at += dim) {
    const row = data.subarray(at, at + dim)
    const length = Math.hypot(...row)
    for (let d = 0; d < dim; d++) row[d] /= length
  }
}

/** `log p + scale u . v` of an item under one interest, in float64. */
export function interestScore(of: Embeddings, row: number, interests: Interests, i: number): number {
  const { dim, data } = of.vectors
  let dot = 0
  for (let d = 0; d < dim; d++) dot += interests.vectors.data[i * dim + d] * data[row * dim + d]
  const p = interests.probabilities?.[i]
  return (p === undefined ? 0 : Math.log(p)) + interests.score.scale * dot
}

/** The obviously right answer: every row scored under every interest, sorted. */
export function bruteForce(
  of: Embeddings,
  interests: Interests,
  user: number,
  options: { k: number; merge: InterestMerge; allowed?: (item: number) => boolean },
): { items: number[]; scores: number[] } {
  const scored: { item: number; score: number }[] = []
  const asked = options.merge === 'nearest' ? { ...interests, probabilities: undefined } : interests
  for (let row = 0; row < of.items.length; row++) {
    if (options.allowed && !options.allowed(of.items[row])) continue
    const scores: number[] = []
    for (let i = interests.offsets[user]; i < interests.offsets[user + 1]; i++) {
      scores.push(interestScore(of, row, asked, i))
    }
    if (scores.length === 0) continue
    const most = Math.max(...scores)
    const score =
      options.merge === 'mixture' ? most + Math.log(scores.reduce((sum, s) => sum + Math.exp(s - most), 0)) : most
    scored.push({ item: of.items[row], score: Math.fround(score) })
  }
  scored.sort((a, b) => b.score - a.score || tieHash(a.item) - tieHash(b.item))
  const best = scored.slice(0, options.k)
  return { items: best.map(({ item }) => item), scores: best.map(({ score }) => score) }
}
