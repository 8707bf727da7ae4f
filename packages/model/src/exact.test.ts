import { csr, type Matrix, makeQueries, type Random, random, readRecommendations, row, tieHash } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { type ExactQuery, exactTopK, recommendByVectors } from './exact.ts'
import { itemScorer, plainScorer } from './item-scorer.ts'

function matrix(draw: Random, rows: number, dim: number): Matrix {
  return { data: Float32Array.from({ length: rows * dim }, () => draw.normal()), rows, dim }
}

/** Score of every item for user `r`, straight from the definition. */
function scoresOf(query: ExactQuery, items: Matrix, r: number): number[] {
  const { vectors, offsets, scale = 1, bias, merge } = query
  return Array.from({ length: items.rows }, (_, i) => {
    const scores: number[] = []
    for (let c = offsets[r]; c < offsets[r + 1]; c++) {
      let dot = 0
      for (let d = 0; d < items.dim; d++) dot += vectors.data[c * items.dim + d] * items.data[i * items.dim + d]
      scores.push(scale * dot + (bias?.[c] ?? 0))
    }
    return merge === 'mixture' ? Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) : Math.max(...scores)
  })
}

describe('exact search', () => {
  test.each(['max', 'mixture'] as const)(
    'ranks the catalogue by the %s over interests as the definition does',
    (merge) => {
      const draw = random(merge.length)
      const items = matrix(draw, 83, 6)
      const counts = Array.from({ length: 25 }, () => draw.int(5))
      const offsets = new Int32Array(26)
      for (const [r, count] of counts.entries()) offsets[r + 1] = offsets[r] + count
      const vectors = matrix(draw, offsets[25], 6)
      const seen = csr(counts.map(() => Array.from({ length: draw.int(30) }, () => draw.int(83))))
      const mask = Uint8Array.from({ length: 83 }, () => (draw.next() < 0.8 ? 1 : 0))
      const bias = Float32Array.from({ length: offsets[25] }, () => Math.log(0.01 + draw.next()))
      const query = { vectors, offsets, scale: 3, bias, merge, k: 12, seen, mask }
      const found = exactTopK(query, plainScorer(items))
      for (const [r, count] of counts.entries()) {
        const scores = scoresOf(query, items, r)
        const allowed = scores.map((_, i) => i).filter((i) => mask[i] === 1 && !row(seen, r).includes(i))
        const expected = allowed.sort((a, b) => scores[b] - scores[a]).slice(0, 12)
        expect([...row(found.items, r)]).toEqual(count === 0 ? [] : expected)
        for (let n = found.items.offsets[r]; n < found.items.offsets[r + 1]; n++) {
          const item = found.items.values[n]
          expect(found.scores[n]).toBeCloseTo(scores[item], 4)
          const own = scoresOf({ ...query, merge: 'max' }, items, r)[item]
          const c = offsets[r] + found.interests[n]
          const alone = { ...query, merge: 'max' as const, offsets: Int32Array.of(c, c + 1) }
          expect(scoresOf(alone, items, 0)[item]).toBeCloseTo(own, 4)
        }
      }
    },
  )

  test('breaks ties by the hash of the item and clamps k to the catalogue', () => {
    const items: Matrix = { data: new Float32Array(40).fill(1), rows: 40, dim: 1 }
    const vectors: Matrix = { data: Float32Array.of(2), rows: 1, dim: 1 }
    const found = exactTopK({ vectors, offsets: Int32Array.of(0, 1), k: 1000 }, plainScorer(items))
    expect(found.items.values.length).toBe(40)
    const hashes = Array.from(found.items.values, (item) => tieHash(item))
    expect(hashes).toEqual([...hashes].sort((a, b) => a - b))
  })

  // Large scores and biases, too, whose exponentials no float32 holds.
  test.each([
    ['max', 1, 0.5, 1],
    ['max', 3, 0.5, 1],
    ['mixture', 3, 0.5, 1],
    ['mixture', 3, 0.5, 100],
    ['mixture', 3, 40, 1],
  ] as const)(
    'gives on TensorFlow what plain loops give, with the %s over %d interests, scaled by %d, bias by %d',
    async (merge, count, scale, most) => {
      const draw = random(8)
      const items = matrix(draw, 1501, 16)
      const vectors = matrix(draw, 33 * count, 16)
      const offsets = Int32Array.from({ length: 34 }, (_, r) => r * count)
      const bias = Float32Array.from({ length: 33 * count }, () => most * (draw.normal() - 2))
      const seen = csr(Array.from({ length: 33 }, () => Array.from({ length: draw.int(9) }, () => draw.int(1501))))
      const query = { vectors, offsets, bias, merge, k: 20, scale, seen }
      const scorer = await itemScorer(items)
      const fast = exactTopK(query, scorer)
      scorer.dispose()
      const plain = exactTopK(query, plainScorer(items))
      expect(fast.items).toEqual(plain.items)
      expect(fast.interests).toEqual(plain.interests)
      for (let n = 0; n < plain.scores.length; n++) {
        expect(Math.abs(fast.scores[n] - plain.scores[n])).toBeLessThan(1e-5 * Math.max(10, Math.abs(plain.scores[n])))
      }
    },
  )

  test('gives the same from a catalogue of several tensors', async () => {
    const draw = random(9)
    const [items, vectors] = [matrix(draw, 140_003, 3), matrix(draw, 10, 3)]
    const query = { vectors, offsets: Int32Array.from({ length: 11 }, (_, r) => r), k: 30 }
    const scorer = await itemScorer(items)
    const fast = exactTopK(query, scorer)
    scorer.dispose()
    const plain = exactTopK(query, plainScorer(items))
    for (let n = 0; n < plain.scores.length; n++) expect(fast.scores[n]).toBeCloseTo(plain.scores[n], 4)
    expect(fast.items.values.filter((item) => item >= 131_072).length).toBeGreaterThan(0)
  })

  test.each([1, 5, 20, 60, 1501])('finds the same %d as plain loops where most scores are equal', async (k) => {
    const draw = random(k)
    const whole = (rows: number) => ({ data: Float32Array.from({ length: rows * 2 }, () => draw.int(4)), rows, dim: 2 })
    const items = whole(1501)
    // The last item is best of all: what fills the last run must not be counted as items.
    items.data.fill(5, 3000)
    const offsets = Int32Array.from({ length: 21 }, (_, r) => r)
    const seen = csr(Array.from({ length: 20 }, (_, r) => Array.from({ length: r % 4 }, () => draw.int(1501))))
    const scorer = await itemScorer(items)
    for (const mask of [undefined, Uint8Array.from({ length: 1501 }, () => draw.int(2))]) {
      const query = { vectors: whole(20), offsets, k, seen, mask }
      expect(exactTopK(query, scorer)).toEqual(exactTopK(query, plainScorer(items)))
      const alone = { ...query, offsets: Int32Array.of(0, 1) }
      expect(exactTopK(alone, scorer)).toEqual(exactTopK(alone, plainScorer(items)))
    }
    scorer.dispose()
  })

  test('popularityWeight adds so much of log(1 + count) to every score: below 0 the tail comes first', async () => {
    const draw = random(12)
    const [items, vectors] = [matrix(draw, 40, 4), matrix(draw, 6, 4)]
    const popularity = Float32Array.from({ length: 40 }, () => draw.int(200))
    const interests = {
      users: ['a', 'b', 'c'],
      offsets: Int32Array.of(0, 2, 4, 6),
      vectors,
      probabilities: Float32Array.from({ length: 6 }, () => 0.1 + draw.next()),
      merge: 'mixture' as const,
      score: { metric: 'dot' as const, scale: 3 },
    }
    const queries = makeQueries({ users: ['a', 'b', 'c'], history: csr([[0], [1], [2]]) })
    const bias = interests.probabilities.map(Math.log)
    const query = { vectors, offsets: interests.offsets, scale: 3, bias, merge: 'mixture' as const, k: 39 }
    for (const popularityWeight of [-2, 0.5]) {
      const wanted = { k: 39, popularity, popularityWeight }
      const found = readRecommendations(await recommendByVectors(queries, interests, items, wanted))
      for (const r of [0, 1, 2]) {
        const scores = scoresOf(query, items, r).map((s, i) => s + popularityWeight * Math.log(1 + popularity[i]))
        const expected = [...scores.keys()].filter((i) => i !== r).sort((a, b) => scores[b] - scores[a])
        expect([...row(found.items, r)]).toEqual(expected)
        for (let n = found.items.offsets[r]; n < found.items.offsets[r + 1]; n++) {
          expect(found.scores[n]).toBeCloseTo(scores[found.items.values[n]], 3)
        }
      }
    }
    const unweighed = recommendByVectors(queries, interests, items, { k: 5, popularityWeight: Number.NaN })
    await expect(unweighed).rejects.toThrow(/popularityWeight/)
  })

  test('fills a recommendations table with the codes of the interests that found each item', async () => {
    const items: Matrix = { data: Float32Array.of(1, 0, 0, 1, 0.9, 0.1, 0.2, 0.8), rows: 4, dim: 2 }
    const interests = {
      users: ['a', 'b'],
      offsets: Int32Array.of(0, 2, 3),
      vectors: { data: Float32Array.of(1, 0, 0, 1, 1, 0), rows: 3, dim: 2 },
      codes: Uint16Array.of(7, 9, 7),
      probabilities: Float32Array.of(0.5, 0.25, 1),
      score: { metric: 'cosine' as const, scale: 10 },
    }
    const queries = makeQueries({ users: ['a', 'b'], history: csr([[0], []]) })
    const found = readRecommendations(await recommendByVectors(queries, interests, items, { k: 3 }))
    expect([...row(found.items, 0)]).toEqual([1, 2, 3])
    expect([...found.codes!.subarray(0, 3)]).toEqual([9, 7, 9])
    expect(found.scores[0]).toBeCloseTo(Math.log(0.5 * Math.exp(0) + 0.25 * Math.exp(10)), 4)
    expect([...row(found.items, 1)]).toEqual([0, 2, 3])
    const among = Int32Array.of(3)
    const one = readRecommendations(await recommendByVectors(queries, interests, items, { k: 3, among }))
    expect([...one.items.values]).toEqual([3, 3])
  })

  test.each([
    ['mixture', Math.log(0.5 * Math.exp(2) + 0.25 * Math.exp(8))],
    ['max', Math.log(0.25) + 8],
    ['nearest', 8],
  ] as const)('merges as the interests table says: %s', async (merge, wanted) => {
    const items: Matrix = { data: Float32Array.of(0.2, 0.8), rows: 1, dim: 2 }
    const interests = {
      users: ['a'],
      offsets: Int32Array.of(0, 2),
      vectors: { data: Float32Array.of(1, 0, 0, 1), rows: 2, dim: 2 },
      probabilities: Float32Array.of(0.5, 0.25),
      score: { metric: 'dot' as const, scale: 10 },
      merge,
    }
    const queries = makeQueries({ users: ['a'], history: csr([[]]) })
    const [score] = readRecommendations(await recommendByVectors(queries, interests, items, { k: 1 })).scores
    expect(score).toBeCloseTo(wanted, 5)
  })
})
