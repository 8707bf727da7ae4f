import { random } from '@sparc/tables'
import { beforeAll, expect, test } from 'vitest'
import { createResidualKMeans, createResidualQuantizer, type FitEvent } from './index.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

const VECTORS = blobs(300, 4, 20)

test('fit tells of its start, each step, the health of the codes now and then, and its end', async () => {
  const events: FitEvent[] = []
  const quantizer = createResidualQuantizer({ size: [8, 8], dim: 4, random: random(1) })
  const report = await quantizer.fit(VECTORS, { epochs: 3, batch: 100, onEvent: (event) => events.push(event) })
  const expected = ['initialized', ...new Array(3).fill(['step', 'step', 'step', 'health']).flat(), 'end']
  expect(events.map((event) => event.type)).toEqual(expected)
  for (const event of events) {
    if (event.type === 'step') {
      expect(Object.keys(event.parts).sort()).toEqual(['balance', 'codebook', 'commitment', 'reconstruction'])
      const { reconstruction, codebook, commitment } = event.parts
      expect(event.loss).toBeCloseTo(reconstruction + codebook + 0.25 * commitment, 5)
      expect(event.steps).toBe(9)
    }
    if (event.type === 'health') {
      expect(event.health.levels.length).toBe(2)
      expect(event.drift).toBeGreaterThanOrEqual(0)
      expect(event.drift).toBeLessThan(0.5)
    }
  }
  expect(report.steps).toBe(9)
  expect(report.health).toEqual(quantizer.health(quantizer.encode(VECTORS), VECTORS))
  quantizer.dispose()
})

test('the loaded state is the best one that an event told of, or the one before training', async () => {
  const errors: number[] = []
  const quantizer = createResidualQuantizer({ size: [8, 8], dim: 4, random: random(1) })
  const before = (await quantizer.fit(VECTORS, { epochs: 0 })).health.reconstruction ?? 0
  const again = createResidualQuantizer({ size: [8, 8], dim: 4, random: random(1) })
  const report = await again.fit(VECTORS, {
    epochs: 5,
    learningRate: 0.05,
    onEvent: (event) => {
      if (event.type === 'health') errors.push(event.health.reconstruction ?? 0)
    },
  })
  expect(report.health.reconstruction).toBeCloseTo(Math.min(before, ...errors), 6)
  quantizer.dispose()
  again.dispose()
})

test('the same seed gives the same codebook', async () => {
  const run = async () => {
    const quantizer = createResidualQuantizer({ size: [8, 8], dim: 4, balance: { by: 'capacity' }, random: random(3) })
    await quantizer.fit(VECTORS, { epochs: 2, batch: 64 })
    const state = quantizer.state()
    quantizer.dispose()
    return state
  }
  expect(await run()).toEqual(await run())
})

test('residual k-means tells of each level', async () => {
  const events: string[] = []
  const quantizer = createResidualKMeans({ size: [8, 8, 8], dim: 4 })
  await quantizer.fit(VECTORS, { onEvent: (event) => events.push(event.type) })
  expect(events).toEqual(['initialized', 'initialized', 'initialized', 'end'])
})

test('one code per level is a codebook too', async () => {
  const quantizer = createResidualQuantizer({
    size: 1,
    levels: 2,
    dim: 4,
    balance: { by: 'capacity' },
    random: random(1),
  })
  const { health } = await quantizer.fit(VECTORS, { epochs: 1 })
  expect(health.levels[0].perplexity).toBeCloseTo(1, 10)
  expect(health.collisions).toBe(1)
  expect(new Set(quantizer.encode(VECTORS).data)).toEqual(new Set([0]))
  quantizer.dispose()
})
