import { type Embeddings, makeItems, random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { embeddingsFrom, interestsFrom } from './arrays.ts'
import { CodeShardedIndex } from './code-sharded-index.ts'
import { range } from './conformance.fixture.ts'
import { searchStats, whereColumn } from './found.ts'
import type { SearchOptions } from './options.ts'
import { bruteForce, catalogue, people } from './world.fixture.ts'

const world = catalogue({ items: 3000, dim: 16, codes: 12, seed: 1 })
const asked = people(world, { users: 60, interests: 3, seed: 2 })

async function recall(index: CodeShardedIndex, options: SearchOptions, of: Embeddings = world) {
  const exact = await CodeShardedIndex.build(of)
  const k = options.k ?? 20
  const wanted = await exact.find(asked, { k, scope: 'all' })
  const found = await index.find(asked, { ...options, k })
  let hits = 0
  for (let u = 0; u < asked.users.length; u++) {
    const list = new Set(found.items.subarray(found.offsets[u], found.offsets[u + 1]))
    for (const item of wanted.items.subarray(wanted.offsets[u], wanted.offsets[u + 1])) if (list.has(item)) hits++
  }
  await exact.close()
  return { recall: hits / wanted.items.length, scanned: found.stats.scanned }
}

describe('probing', () => {
  it('finds more the more shards it looks into, and all in all of them', async () => {
    const index = await CodeShardedIndex.build(world)
    const few = await recall(index, { probes: 1 })
    const some = await recall(index, { probes: 3 })
    const all = await recall(index, { probes: 12 })
    expect(few.recall).toBeGreaterThan(0.5)
    expect(some.recall).toBeGreaterThan(few.recall)
    // Interests bring k candidates each, so a mixture of them may miss one that none has among its own best.
    expect(all.recall).toBeGreaterThan(0.98)
    expect(all.scanned).toBe(1)
    expect(few.scanned).toBeLessThan(some.scanned)
    await index.close()
  })

  it('finds more in fewer rows where the interests of a user choose together', async () => {
    const index = await CodeShardedIndex.build(world)
    const each = await recall(index, { probes: 1, routing: 'interest' })
    const together = await recall(index, { probes: 1, routing: 'user' })
    expect(await recall(index, { probes: 1 })).toEqual(together)
    expect(await recall(index, { probes: 1, merge: 'budget' })).toEqual(
      await recall(index, { probes: 1, merge: 'budget', routing: 'interest' }),
    )
    expect(together.recall).toBeGreaterThan(each.recall)
    expect(together.scanned).toBeLessThan(each.scanned)
    // Less than a shard for each interest: fewer groups together, but a shard for each alone.
    const less = await recall(index, { probes: 0.3 })
    expect(less.scanned).toBeLessThan(0.5 * together.scanned)
    expect(await recall(index, { probes: 0.3, routing: 'interest' })).toEqual(each)
    await index.close()
  })

  it('gives each user of a batch what it gives the user alone, also where many have to look further', async () => {
    const index = await CodeShardedIndex.build(world)
    const options = { k: 20, filter: (item: number) => item % 101 === 0 }
    const all = await index.find(asked, options)
    expect(all.stats.widened).toBeGreaterThan(10)
    for (let user = 0; user < asked.users.length; user++) {
      const [from, to] = [asked.offsets[user], asked.offsets[user + 1]]
      const alone = await index.find(
        {
          ...asked,
          users: [asked.users[user]],
          offsets: Int32Array.of(0, to - from),
          vectors: { data: asked.vectors.data.slice(from * 16, to * 16), rows: to - from, dim: 16 },
          codes: asked.codes?.slice(from, to),
          probabilities: asked.probabilities?.slice(from, to),
        },
        options,
      )
      expect([...all.items.subarray(all.offsets[user], all.offsets[user + 1])]).toEqual([...alone.items])
    }
    await index.close()
  })

  it('routes by the codewords of a codebook where one is given', async () => {
    const vectors = { data: new Float32Array(40 * 16), rows: 40, dim: 16 }
    for (let c = 0; c < 40; c++)
      vectors.data.set(
        asked.vectors.data.subarray(0, 16).map((v) => (c === 33 ? v : -v)),
        c * 16,
      )
    const index = await CodeShardedIndex.build(world, {
      codebook: { levels: [{ vectors, counts: new Int32Array(40) }] },
    })
    const one = interestsFrom({ vectors: asked.vectors.data.slice(0, 16), dim: 16 })
    expect((await index.explain(one, { k: 1 }))[0].probed).toEqual([33])
    await index.close()
  })
})

describe('bytes instead of floats', () => {
  it.each(['exact', 'faiss'] as const)('find nearly the same in the %s engine, in less memory', async (engine) => {
    const index = await CodeShardedIndex.build(world, { engine, storage: 'SQ8' })
    expect((await recall(index, { probes: 12 })).recall).toBeGreaterThan(0.95)
    if (engine === 'exact') expect(index.stats().bytes.vectors).toBeLessThan(3200 * 16)
    await index.upsert({ ...world, vectors: { ...world.vectors, data: world.vectors.data.map((v) => -v) } })
    await index.upsert(world)
    expect((await recall(index, { probes: 12 })).recall).toBeGreaterThan(0.95)
    await index.close()
  })
})

describe('a graph', () => {
  it('finds nearly the same, and is read-only', async () => {
    const index = await CodeShardedIndex.build(world, { engine: 'faiss', storage: 'HNSW' })
    expect((await recall(index, { probes: 12 })).recall).toBeGreaterThan(0.9)
    const before = index.stats().epoch
    await expect(index.upsert(world)).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(index.remove([1])).rejects.toMatchObject({ code: 'READ_ONLY' })
    expect(index.stats().epoch).toBe(before)
    await index.close()
  })
})

describe('all shards, the exact answer', () => {
  it.each(['SQ8', 'HNSW'] as const)('is what our own rows give, where FAISS keeps them as %s', async (storage) => {
    const index = await CodeShardedIndex.build(world, { engine: 'faiss', storage })
    const reference = await CodeShardedIndex.build(world, { storage: storage === 'SQ8' ? storage : 'Flat' })
    for (const merge of ['mixture', 'max'] as const) {
      const found = await index.find(asked, { k: 20, scope: 'all', merge })
      const { stats: _, ...wanted } = await reference.find(asked, { k: 20, scope: 'all', merge })
      expect(found).toMatchObject(wanted)
    }
    await index.close()
    await reference.close()
  })
})

describe('embeddings without codes', () => {
  const plain = { ...world, codes: undefined }
  const noCodes = { ...asked, codes: undefined }

  it('get codes of their own, by which new items find their shard', async () => {
    const index = await CodeShardedIndex.build(plain, { codes: 16 })
    expect(index.stats().shards.length).toBe(16)
    expect(index.stats().perplexity).toBeGreaterThan(10)
    await index.remove(range(0, 500))
    await index.upsert({
      ...plain,
      items: plain.items.slice(0, 500),
      ids: plain.ids.slice(0, 500),
      vectors: { ...plain.vectors, data: plain.vectors.data.slice(0, 500 * 16), rows: 500 },
    })
    const { results } = (await index.explain(noCodes, { k: 5, scope: 'all' }))[0]
    expect(results.map(({ item }) => item)).toEqual(bruteForce(plain, noCodes, 0, { k: 5, merge: 'mixture' }).items)
    const found = await index.find(noCodes, { k: 10, probes: 2 })
    expect(found.stats).toMatchObject({ unrouted: asked.vectors.rows, widened: 0 })
    expect(found.codes).toBeUndefined()
    await index.close()
  })

  it('may be plain arrays', async () => {
    const source = random(3)
    const vectors = Float32Array.from({ length: 1000 * 8 }, () => source.normal())
    const index = await CodeShardedIndex.build(embeddingsFrom({ vectors, dim: 8 }))
    const query = vectors.slice(80, 88)
    const found = await index.find(interestsFrom({ vectors: query, dim: 8 }), { k: 3, scope: 'all' })
    expect(found.items[0]).toBe(
      bruteForce(embeddingsFrom({ vectors, dim: 8 }), interestsFrom({ vectors: query, dim: 8 }), 0, {
        k: 1,
        merge: 'max',
      }).items[0],
    )
    await index.close()
  })
})

describe('bytes of FAISS', () => {
  it('have the range of all rows, though neighbours lie together', async () => {
    const source = random(6)
    const [rows, dim] = [70_000, 8]
    const vectors = Float32Array.from({ length: rows * dim }, () => 0.1 * source.normal())
    // A few rows of their own lie far out, wherever they come to stand.
    for (let r = 0; r < 400; r++) for (let d = 0; d < dim; d++) vectors[r * dim + d] += d % 2 ? 3 : -3
    const embeddings = { ...embeddingsFrom({ vectors, dim }), codes: { levels: 1, data: new Uint16Array(rows) } }
    const index = await CodeShardedIndex.build(embeddings, { engine: 'faiss', storage: 'SQ8' })
    for (const row of [0, 399, 50_000]) {
      const query = interestsFrom({ vectors: vectors.slice(row * dim, (row + 1) * dim), dim })
      const exact = bruteForce(embeddings, query, 0, { k: 20, merge: 'max' }).items
      const found = await index.find(query, { k: 20 })
      expect(exact.filter((item) => found.items.includes(item)).length).toBeGreaterThan(14)
    }
    await index.close()
  })
})

describe('explaining', () => {
  it('names the interests, codes and shards that brought each item', async () => {
    const index = await CodeShardedIndex.build(world)
    const found = await index.find(asked, { k: 10, probes: 2 })
    const explained = await index.explain(asked, { k: 10, probes: 2 })
    for (const [u, { user, results, probed }] of explained.entries()) {
      expect(user).toBe(`user-${u}`)
      expect(results.map(({ item }) => item)).toEqual([...found.items.subarray(found.offsets[u], found.offsets[u + 1])])
      for (const [i, { item, id, shard, best, foundBy }] of results.entries()) {
        expect(id).toBe(`item-${item}`)
        expect(shard).toBe(world.codes?.data[2 * item])
        expect(probed).toContain(shard)
        expect(best.code).toBe(found.codes?.[found.offsets[u] + i])
        expect(foundBy.length).toBeGreaterThan(0)
        for (const { interest, code, probability } of foundBy) {
          expect(code).toBe(asked.codes?.[asked.offsets[u] + interest])
          expect(probability).toBe(asked.probabilities?.[asked.offsets[u] + interest])
        }
      }
    }
    await index.close()
  })

  it('says in the table what the search did', async () => {
    const index = await CodeShardedIndex.build(world)
    const stats = searchStats(await index.search(asked, { k: 5000 }))
    expect(stats).toEqual({ epoch: 1, k: 3000, clamped: true, scanned: 1, widened: 60, unrouted: 0 })
    await index.close()
  })
})

describe('filtering by a column', () => {
  it('takes a predicate on plain values and on lists', async () => {
    const strings = { brand: world.items.length ? Array.from(world.items, (i) => (i % 5 ? 'a' : null)) : [] }
    const items = makeItems({ ids: world.ids, strings, lists: { tags: world.ids.map((_, i) => [`t${i % 4}`, 'all']) } })
    const index = await CodeShardedIndex.build(world)
    const branded = whereColumn(items, 'brand', (brand) => brand === 'a')
    const tagged = whereColumn(items, 'tags', (tags) => Array.isArray(tags) && tags.includes('t2'))
    for (const item of (await index.find(asked, { filter: branded })).items) expect(item % 5).not.toBe(0)
    const found = await index.find(asked, { filter: tagged, k: 30 })
    expect(found.items).toHaveLength(60 * 30)
    for (const item of found.items) expect(item % 4).toBe(2)
    expect(() => whereColumn(items, 'price', () => true)).toThrow(/brand, tags/)
    await index.close()
  })
})
