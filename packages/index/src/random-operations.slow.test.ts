import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embeddings, type Interests, type Random, random, tieHash } from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CodeShardedIndex } from './code-sharded-index.ts'

const DIM = 4
const CODES = 5
const SEQUENCES = 10_000

/** The plain model: a map from items to what is known of them. */
type Model = Map<number, { code: number; vector: number[] }>

function draw(source: Random, most: number, upTo: number): Embeddings {
  const rows = source.int(most + 1)
  const items = source.shuffle(Int32Array.from({ length: upTo }, (_, i) => i)).slice(0, rows)
  return {
    items,
    ids: Array.from(items, (item) => `id ${item}`),
    // Few distinct values, so that ties abound.
    vectors: { data: Float32Array.from({ length: rows * DIM }, () => source.int(5) - 2), rows, dim: DIM },
    codes: { levels: 1, data: Uint16Array.from({ length: rows }, () => source.int(CODES)) },
    score: { metric: 'dot', scale: 1 },
  }
}

function put(model: Model, { items, vectors, codes }: Embeddings): void {
  for (let r = 0; r < items.length; r++) {
    model.set(items[r], { code: codes?.data[r] ?? 0, vector: [...vectors.data.subarray(r * DIM, (r + 1) * DIM)] })
  }
}

function ask(source: Random): Interests {
  return {
    users: ['u'],
    offsets: Int32Array.of(0, 1),
    vectors: { data: Float32Array.from({ length: DIM }, () => source.int(5) - 2), rows: 1, dim: DIM },
    codes: Uint16Array.of(source.int(CODES + 1)),
    score: { metric: 'dot', scale: 1 },
  }
}

function expected(model: Model, query: Float32Array, k: number, allowed: (item: number) => boolean): number[] {
  return [...model]
    .filter(([item]) => allowed(item))
    .map(([item, { vector }]) => ({ item, score: vector.reduce((sum, v, d) => sum + v * query[d], 0) }))
    .sort((a, b) => b.score - a.score || tieHash(a.item) - tieHash(b.item))
    .slice(0, k)
    .map(({ item }) => item)
}

describe('random sequences of operations', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sparc-index-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it(`agree with a plain map, ${SEQUENCES} times`, async () => {
    for (let run = 0; run < SEQUENCES; run++) {
      const source = random(run)
      const upTo = 6 + source.int(20)
      const model: Model = new Map()
      const first = draw(source, upTo, upTo)
      put(model, first)
      let index = await CodeShardedIndex.build(first, { compactAt: source.next() < 0.5 ? 0.05 : 1 })
      const steps = 2 + source.int(5)
      for (let step = 0; step < steps; step++) {
        const what = source.next()
        if (what < 0.35) {
          const rows = draw(source, 5, upTo)
          await index.upsert(rows)
          put(model, rows)
        } else if (what < 0.55) {
          const items = Array.from({ length: source.int(6) }, () => source.int(upTo))
          const there = new Set(items.filter((item) => model.has(item))).size
          const names = source.next() < 0.5 ? items : items.map((item) => `id ${item}`)
          expect(await index.remove(names)).toBe(there)
          for (const item of items) model.delete(item)
        } else if (what < 0.6) {
          await index.compact()
        } else if (run % 50 === 0 && what < 0.75) {
          await index.save(directory)
          await index.close()
          index = await CodeShardedIndex.open(directory)
        } else {
          await compare(index, model, source, run)
        }
      }
      await compare(index, model, source, run)
      expect(index.stats().items).toBe(model.size)
      await index.close()
    }
  }, 300_000)
})

async function compare(index: CodeShardedIndex, model: Model, source: Random, run: number): Promise<void> {
  const query = ask(source)
  const k = source.int(8)
  const modulus = 2 + source.int(3)
  const filter = source.next() < 0.3 ? (item: number) => item % modulus !== 0 : undefined
  const excluded = source.next() < 0.3 ? [source.int(20), source.int(20)] : []
  const allowed = (item: number) => (filter?.(item) ?? true) && !excluded.includes(item)
  const exact = await index.find(query, { k, scope: 'all', filter, exclude: [excluded] })
  const wanted = expected(model, query.vectors.data, k, allowed)
  if (exact.items.join() !== wanted.join()) expect({ run, items: [...exact.items] }).toEqual({ run, items: wanted })
  const probed = await index.find(query, { k, probes: 1, filter, exclude: [excluded] })
  // A probe widens until it has k, so it falls short of k only where the catalogue does.
  expect(probed.items.length).toBe(wanted.length)
  for (const item of probed.items) expect(model.has(item) && allowed(item)).toBe(true)
  const both = await index.find(twice(query, ask(source)), { k, probes: 1, filter, exclude: [excluded] })
  expect(both.items.length).toBe(wanted.length)
  expect(new Set(both.items).size).toBe(both.items.length)
  for (const item of both.items) expect(model.has(item) && allowed(item)).toBe(true)
}

/** One user with two interests. */
function twice(one: Interests, other: Interests): Interests {
  return {
    ...one,
    offsets: Int32Array.of(0, 2),
    vectors: { data: Float32Array.of(...one.vectors.data, ...other.vectors.data), rows: 2, dim: DIM },
    codes: Uint16Array.of(...(one.codes ?? []), ...(other.codes ?? [])),
  }
}
