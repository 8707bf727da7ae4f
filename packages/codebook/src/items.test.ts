import { readFileSync } from 'node:fs'
import { random } from '@sparc/tables'
import { beforeAll, describe, expect, test } from 'vitest'
import { createResidualKMeans, createResidualQuantizer } from './index.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { beautyItems } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

/** What FAISS reached on the same vectors: measured by tools/peers/faiss_residual_quantizer.py. */
const PEERS: { rows: { vectors: string; size: number; error: number }[] } = JSON.parse(
  readFileSync(new URL('../fixtures/faiss-residual-quantizer.json', import.meta.url), 'utf8'),
)

describe('on real item vectors', () => {
  test("residual k-means reconstructs within 2 % of FAISS' ResidualQuantizer with a beam of 1", async () => {
    const peer = PEERS.rows.find((row) => row.vectors === 'beauty-4000x32.safetensors' && row.size === 64)
    const quantizer = createResidualKMeans({ size: 64, dim: 32, random: random(1) })
    const { health } = await quantizer.fit(beautyItems())
    expect(health.reconstruction).toBeLessThan(1.02 * (peer?.error ?? 0))
    expect(health.reconstruction).toBeGreaterThan(0.5 * (peer?.error ?? 1))
  })

  test('a learned residual quantizer reconstructs better than residual k-means', async () => {
    const items = beautyItems()
    const kMeans = createResidualKMeans({ size: 32, dim: 32, random: random(1) })
    const learned = createResidualQuantizer({ size: 32, dim: 32, random: random(1) })
    const bar = (await kMeans.fit(items)).health.reconstruction ?? 0
    const { health } = await learned.fit(items, { epochs: 6, learningRate: 3e-3 })
    expect(health.reconstruction).toBeLessThan(bar)
    learned.dispose()
  })

  test('with balance on, codes are used evenly and told apart, at a bounded loss of reconstruction', async () => {
    const items = beautyItems()
    const plain = createResidualKMeans({ size: 64, dim: 32, random: random(1) })
    const balanced = createResidualKMeans({ size: 64, dim: 32, capacity: 1.25, random: random(1) })
    const bar = (await plain.fit(items)).health
    await balanced.fit(items)
    const health = balanced.health(balanced.encode(items, { distinct: true, capacity: 1.5 }), items)
    const [first] = health.levels
    expect(bar.levels[0].largest).toBeGreaterThan(2 / 64)
    expect(health.levels.map((level) => level.usage)).toEqual([1, 1, 1])
    expect(first.perplexity).toBeGreaterThan(0.85 * 64)
    expect(first.largest).toBeLessThan(1.6 / 64)
    expect(health.collisions).toBeLessThanOrEqual(1.5 * health.uniformCollisions)
    expect(health.reconstruction).toBeLessThan(1.35 * (bar.reconstruction ?? 0))
  })
})
