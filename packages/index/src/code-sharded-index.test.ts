import { makeEmbeddings, makeInterests, readRecommendations, row } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { CodeShardedIndex } from './code-sharded-index.ts'
import { bruteForce, catalogue, people } from './world.fixture.ts'

describe.each(['exact', 'faiss'] as const)('searching an index with the %s engine', (engine) => {
  const embeddings = catalogue({ items: 700, dim: 11, codes: 9, seed: 1 })
  const interests = people(embeddings, { users: 40, interests: 4, seed: 2 })

  it.each(['mixture', 'max'] as const)('gives the exact lists over all shards, merged by %s', async (merge) => {
    const index = await CodeShardedIndex.build(makeEmbeddings(embeddings), { engine })
    const table = await index.search(makeInterests(interests), { k: 20, scope: 'all', merge })
    const { items, scores } = readRecommendations(table)
    for (let user = 0; user < interests.users.length; user++) {
      const wanted = bruteForce(embeddings, interests, user, { k: 20, merge })
      expect([...row(items, user)]).toEqual(wanted.items)
      expect([...scores.subarray(items.offsets[user], items.offsets[user + 1])]).toEqual(wanted.scores)
    }
    await index.close()
  })

  it('looks into the shard of the interest alone where it probes one', async () => {
    const index = await CodeShardedIndex.build(embeddings, { engine })
    const single = people(embeddings, { users: 30, interests: 1, seed: 3 })
    const found = await index.find(single, { k: 5, probes: 1 })
    for (let user = 0; user < 30; user++) {
      const own = (item: number) => embeddings.codes?.data[2 * item] === single.codes?.[user]
      const wanted = bruteForce(embeddings, single, user, { k: 5, merge: 'mixture', allowed: own })
      if (wanted.items.length < 5) continue
      expect([...found.items.subarray(found.offsets[user], found.offsets[user + 1])]).toEqual(wanted.items)
    }
    expect(found.stats.scanned).toBeLessThan(0.5)
  })

  it('never finds what is excluded or filtered out, and still fills the list', async () => {
    const index = await CodeShardedIndex.build(embeddings, { engine })
    const first = await index.find(interests, { k: 10, scope: 'all' })
    const exclude = interests.users.map((_, u) => first.items.subarray(first.offsets[u], first.offsets[u + 1]))
    const filter = (item: number) => item % 3 !== 0
    const { items } = readRecommendations(await index.search(interests, { k: 10, exclude, filter, scope: 'all' }))
    for (let user = 0; user < interests.users.length; user++) {
      const allowed = (item: number) => filter(item) && !exclude[user].includes(item)
      expect([...row(items, user)]).toEqual(
        bruteForce(embeddings, interests, user, { k: 10, merge: 'mixture', allowed }).items,
      )
    }
  })
})
