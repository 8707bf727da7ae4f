import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embeddings, type Interests, makeEmbeddings, makeInterests, readRecommendations, row } from '@sparc/tables'
import { expect, it } from 'vitest'
import { CodeShardedIndex } from './code-sharded-index.ts'
import type { BuildOptions } from './options.ts'
import { bruteForce, catalogue, people } from './world.fixture.ts'

/** Some rows of embeddings. */
export function pick(of: Embeddings, rows: readonly number[]): Embeddings {
  const { dim, data } = of.vectors
  const levels = of.codes?.levels ?? 1
  const codes = of.codes?.data ?? new Uint16Array(0)
  return {
    ...of,
    items: Int32Array.from(rows, (r) => of.items[r]),
    ids: rows.map((r) => of.ids[r]),
    vectors: {
      data: Float32Array.from(rows.flatMap((r) => [...data.subarray(r * dim, r * dim + dim)])),
      rows: rows.length,
      dim,
    },
    codes: { levels, data: Uint16Array.from(rows.flatMap((r) => [...codes.subarray(r * levels, (r + 1) * levels)])) },
  }
}

/** What every engine with exact rows must do. `options` gives the options of a new index of that engine. */
export function conforms(options: () => BuildOptions, size = { items: 700, codes: 9, users: 25 }): void {
  const { items, codes, users } = size
  const part = (share: number) => Math.round(share * items)
  const embeddings = catalogue({ items, dim: 11, codes, seed: 1 })
  const interests = people(embeddings, { users, interests: 4, seed: 2 })

  async function expectExact(index: CodeShardedIndex, of: Embeddings, asked: Interests): Promise<void> {
    for (const merge of ['mixture', 'max', 'nearest'] as const) {
      const found = await index.find(asked, { k: 20, scope: 'all', merge })
      for (let user = 0; user < asked.users.length; user++) {
        const wanted = bruteForce(of, asked, user, { k: 20, merge })
        expect([...found.items.subarray(found.offsets[user], found.offsets[user + 1])]).toEqual(wanted.items)
        const scores = found.scores.subarray(found.offsets[user], found.offsets[user + 1])
        for (const [i, score] of wanted.scores.entries()) expect(scores[i]).toBeCloseTo(score, 4)
      }
    }
  }

  it('gives the exact lists over all shards', async () => {
    const index = await CodeShardedIndex.build(makeEmbeddings(embeddings), options())
    await expectExact(index, embeddings, interests)
    await index.close()
  })

  it('merges as the interests table says, where nothing else is asked for', async () => {
    const index = await CodeShardedIndex.build(embeddings, options())
    for (const merge of ['mixture', 'max', 'nearest'] as const) {
      const told = makeInterests({ ...interests, merge })
      expect(await index.find(told, { k: 7 })).toEqual(await index.find(interests, { k: 7, merge }))
      expect(await index.find(told, { k: 7, merge: 'max' })).toEqual(
        await index.find(interests, { k: 7, merge: 'max' }),
      )
    }
    await index.close()
  })

  it('looks into the shard of the interest alone where it probes one', async () => {
    const index = await CodeShardedIndex.build(embeddings, options())
    const single = people(embeddings, { users, interests: 1, seed: 3 })
    const found = await index.find(single, { k: 5, probes: 1 })
    let checked = 0
    for (let user = 0; user < users; user++) {
      const own = (item: number) => embeddings.codes?.data[2 * item] === single.codes?.[user]
      const wanted = bruteForce(embeddings, single, user, { k: 5, merge: 'mixture', allowed: own })
      if (wanted.items.length < 5) continue
      checked++
      expect([...found.items.subarray(found.offsets[user], found.offsets[user + 1])]).toEqual(wanted.items)
    }
    expect(checked).toBeGreaterThan(users / 2)
    expect(found.stats.scanned).toBeLessThan(0.7)
    await index.close()
  })

  it('looks into the same parts of shards as every engine, for all interests of a user together', async () => {
    const index = await CodeShardedIndex.build(embeddings, options())
    const reference = await CodeShardedIndex.build(embeddings)
    const found = await index.find(interests, { k: 5, routing: 'user' })
    const { items: wanted, scores, stats } = await reference.find(interests, { k: 5, routing: 'user' })
    expect([...found.items]).toEqual([...wanted])
    expect(found.stats).toEqual(stats)
    for (const [i, score] of scores.entries()) expect(found.scores[i]).toBeCloseTo(score, 4)
    const all = await index.find(interests, { k: 5, routing: 'user', probes: codes })
    expect(all.stats.scanned).toBe(1)
    const exact = await index.find(interests, { k: 5, scope: 'all' })
    const listOf = (of: typeof all, user: number) => [...of.items.subarray(of.offsets[user], of.offsets[user + 1])]
    let same = 0
    for (let user = 0; user < users; user++) if (`${listOf(all, user)}` === `${listOf(exact, user)}`) same++
    // A mixture may rank an item high that none of its interests has among its own best.
    expect(same).toBeGreaterThanOrEqual(0.9 * users)
    await index.close()
    await reference.close()
  })

  it('never finds what is excluded or filtered out, and still fills the list', async () => {
    const index = await CodeShardedIndex.build(embeddings, options())
    const first = await index.find(interests, { k: 10, scope: 'all' })
    const exclude = interests.users.map((_, u) => first.items.subarray(first.offsets[u], first.offsets[u + 1]))
    const filter = (item: number) => item % 3 !== 0
    const table = await index.search(makeInterests(interests), { k: 10, exclude, filter, scope: 'all' })
    const lists = readRecommendations(table).items
    for (let user = 0; user < interests.users.length; user++) {
      const allowed = (item: number) => filter(item) && !exclude[user].includes(item)
      const wanted = bruteForce(embeddings, interests, user, { k: 10, merge: 'mixture', allowed })
      expect([...row(lists, user)]).toEqual(wanted.items)
    }
    await index.close()
  })

  it('gives all of a catalogue of equal vectors in the order of the tie-break', async () => {
    const equal = { ...embeddings, vectors: { ...embeddings.vectors, data: new Float32Array(items * 11).fill(0.5) } }
    const index = await CodeShardedIndex.build(equal, options())
    await expectExact(index, equal, people(equal, { users: 3, interests: 2, seed: 4 }))
    await index.close()
  })

  it('follows upserts, moves and removals, and compacts what they leave behind', async () => {
    const index = await CodeShardedIndex.build(pick(embeddings, range(0, part(0.7))), options())
    const moved = pick(embeddings, range(part(0.1), part(0.6)))
    moved.codes?.data.fill(3)
    await index.upsert(moved)
    await index.upsert(pick(embeddings, range(part(0.7), items)))
    expect(await index.remove([3, 'item-4', 'no-such-item', 9999, 3])).toBe(2)
    const left = pick(embeddings, [0, 1, 2, ...range(5, items)])
    await expectExact(index, left, interests)
    await index.compact()
    expect(index.stats()).toMatchObject({ items: items - 2, dead: 0 })
    expect(index.stats().epoch).toBeGreaterThan(3)
    await expectExact(index, left, interests)
    await index.close()
  })

  it('shows a search that is under way the state at its start', async () => {
    const index = await CodeShardedIndex.build(embeddings, { ...options(), compactAt: 0.01 })
    const asked = index.find(interests, { k: 20, scope: 'all', merge: 'max' })
    const removed = index.remove(range(0, part(0.9)))
    const found = await asked
    expect(await removed).toBe(part(0.9))
    expect(found.stats.epoch).toBe(1)
    for (let user = 0; user < interests.users.length; user++) {
      const wanted = bruteForce(embeddings, interests, user, { k: 20, merge: 'max' })
      expect([...found.items.subarray(found.offsets[user], found.offsets[user + 1])]).toEqual(wanted.items)
    }
    expect((await index.find(interests, { k: items })).stats).toMatchObject({ k: items - part(0.9), clamped: true })
    await index.close()
  })

  it('answers as before after it was saved and opened', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sparc-index-'))
    const index = await CodeShardedIndex.build(embeddings, options())
    await index.remove(range(0, part(0.1)))
    await index.save(directory)
    await index.close()
    const opened = await CodeShardedIndex.open(directory)
    const left = pick(embeddings, range(part(0.1), items))
    expect(opened.stats().items).toBe(items - part(0.1))
    await expectExact(opened, left, interests)
    await opened.upsert(pick(embeddings, range(0, part(0.1))))
    await expectExact(opened, embeddings, interests)
    await opened.close()
    await rm(directory, { recursive: true })
  })

  it('is empty when it is built of nothing, and can be filled', async () => {
    const index = await CodeShardedIndex.build(pick(embeddings, []), options())
    const found = await index.find(interests, { k: 10 })
    expect(found.items).toHaveLength(0)
    expect(found.offsets).toEqual(new Int32Array(users + 1))
    await index.upsert(embeddings)
    await expectExact(index, embeddings, interests)
    await index.close()
  })
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
