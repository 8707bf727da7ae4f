import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { CodeShardedIndex } from './code-sharded-index.ts'
import { pick, range } from './conformance.fixture.ts'
import { bruteForce, catalogue, people } from './world.fixture.ts'

const world = catalogue({ items: 3000, dim: 16, codes: 12, seed: 1 })
const asked = people(world, { users: 60, interests: 3, seed: 2 })

describe('swapping', () => {
  it('ends the later one of two swaps that cross', async () => {
    const [a, b] = [await CodeShardedIndex.build(world), await CodeShardedIndex.build(world)]
    await b.remove([0])
    const [first, second] = await Promise.allSettled([a.swap(b), b.swap(a)])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } })
    expect(a.stats().items).toBe(world.items.length - 1)
    expect(await a.remove([1])).toBe(1)
    await a.close()
  })

  it('that is refused leaves the writes around it in their order', async () => {
    const part = (from: number, to: number) => pick(world, range(from, to))
    const [a, b] = [await CodeShardedIndex.build(part(0, 10)), await CodeShardedIndex.build(part(0, 10))]
    await a.close()
    const writes = [b.upsert(part(10, 110)), a.swap(b), b.upsert(part(110, 210))]
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(b.stats().items).toBe(210)
    await b.close()
  })

  it('puts a new model in place without a gap', async () => {
    const index = await CodeShardedIndex.build(world)
    const next = catalogue({ items: 500, dim: 8, codes: 3, seed: 9 })
    const nextAsked = people(next, { users: 5, interests: 2, seed: 3 })
    const before = index.find(asked, { k: 5 })
    const other = await CodeShardedIndex.build(next)
    await index.swap(other)
    expect((await before).stats.epoch).toBe(1)
    const found = await index.find(nextAsked, { k: 5, scope: 'all' })
    expect(found.stats.epoch).toBe(2)
    expect([...found.items.subarray(0, 5)]).toEqual(bruteForce(next, nextAsked, 0, { k: 5, merge: 'mixture' }).items)
    await expect(other.find(nextAsked)).rejects.toMatchObject({ code: 'CLOSED' })
    await index.swap(index)
    expect(index.stats().items).toBe(500)
    await index.close()
  })
})

describe('writing while searching', () => {
  it('answers every search from one whole state, in the order of the epochs', async () => {
    const index = await CodeShardedIndex.build(world, { compactAt: 0.05 })
    const source = random(4)
    let writing = true
    const writes = (async () => {
      for (let round = 0; round < 60; round++) {
        const rows = range(0, 3000).filter(() => source.next() < 0.02)
        await (round % 2 ? index.remove(rows) : index.upsert(world))
        await new Promise((resolve) => setImmediate(resolve))
      }
      writing = false
    })()
    let last = 0
    while (writing) {
      const found = await index.find(asked, { k: 10, probes: 2 })
      await new Promise((resolve) => setImmediate(resolve))
      expect(found.stats.epoch).toBeGreaterThanOrEqual(last)
      expect(found.items).toHaveLength(600)
      last = found.stats.epoch
    }
    await writes
    expect(last).toBeGreaterThan(30)
    await index.close()
  })
})
