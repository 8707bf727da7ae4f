import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEmbeddings, readInterests } from '@sparc/tables'
import { beforeAll, describe, expect, it } from 'vitest'
import { ready } from '../gradient.fixture.ts'
import type { FitEvent, FitOptions, VectorRecommender } from '../recommender.ts'
import { createRecommender, isVectorRecommender, loadRecommender } from '../systems.ts'
import { smallWorld, tiny } from '../world.fixture.ts'

beforeAll(ready)

const world = smallWorld({ users: 40, items: 60, groups: 4 })
const withoutValidation = { ...world.data, validation: undefined }
const create = (name: string, options: object): VectorRecommender => {
  const model = createRecommender(name, { ...tiny, batch: 8, negatives: { count: 8 }, ...options })
  if (!isVectorRecommender(model)) throw new Error(`${name} is no vector system`)
  return model
}
/** What a run told of its steps. */
async function stepsOf(name: string, options: object, fit: FitOptions = {}) {
  const model = create(name, options)
  const steps: Extract<FitEvent, { type: 'step' }>[] = []
  const onEvent = (event: FitEvent) => void (event.type === 'step' && steps.push(event))
  await model.fit(withoutValidation, { ...fit, onEvent })
  const { data } = readEmbeddings(await model.embedItems()).vectors
  model.dispose()
  return { steps, data }
}

it.each([
  ['two-tower', {}],
  ['sparc', { warmUpSteps: 1, codebook: { size: 4 } }],
])('%s: what it is asked for while it trains is not what it answers with afterwards', async (name, options) => {
  const model = create(name, { ...options, learningRate: 0.05 })
  await model.fit(withoutValidation, { budget: { steps: 1 } })
  // What serves is read into memory, so that what is asked for below is answered between two steps.
  await model.embedItems()
  const during: ReturnType<typeof model.embedItems>[] = []
  const onEvent = (event: FitEvent) => void (event.type === 'step' && during.push(model.embedItems()))
  await model.fit(withoutValidation, { budget: { steps: 30 }, onEvent })
  const [early] = await Promise.all(during)
  const directory = await mkdtemp(join(tmpdir(), 'sparc-asked-'))
  await model.save(directory)
  const loaded = await loadRecommender(directory)
  if (!isVectorRecommender(loaded)) throw new Error('no vector system')
  const [after, saved] = [readEmbeddings(await model.embedItems()), readEmbeddings(await loaded.embedItems())]
  expect(during).toHaveLength(4)
  expect(after).toEqual(saved)
  expect(after.vectors.data).not.toEqual(readEmbeddings(early).vectors.data)
  model.dispose()
  loaded.dispose()
  await rm(directory, { recursive: true })
})

describe('early stopping', () => {
  /** All that a model serves. */
  const servedBy = async (model: VectorRecommender) => ({
    items: readEmbeddings(await model.embedItems()),
    interests: readInterests(await model.embedUsers(world.queries)),
  })

  // Codes are cared for all the time, so that the codebook's state must come back too. No decay: a run has one path whatever its length.
  it.each([
    ['two-tower', { learningRate: 0.05, decayFrom: 1 }],
    [
      'sparc',
      { learningRate: 0.05, decayFrom: 1, warmUpSteps: 1, codebook: { size: 4, reviveEvery: 2, reviveBelow: 1 } },
    ],
  ])('%s: a run that gets no better ends early, and serves what it had at its best step', async (name, options) => {
    const model = create(name, options)
    const checks: { step: number; best: boolean }[] = []
    const onEvent = (event: FitEvent) => void (event.type === 'validation' && checks.push(event))
    // Lists as long as the catalogue find all that can be found, so no state is better than the first.
    const report = await model.fit(world.data, {
      budget: { steps: 20 },
      validation: { every: 3, k: 60, patience: 2 },
      onEvent,
    })
    expect(checks.map(({ step, best }) => [step, best])).toEqual([
      [3, true],
      [6, false],
      [9, false],
    ])
    expect([report.stopped, report.steps, report.best?.step]).toEqual(['early', 9, 3])
    const found = await servedBy(model)
    model.dispose()
    const upTo = async (steps: number) => {
      const other = create(name, options)
      const run = await other.fit(withoutValidation, { budget: { steps } })
      expect(run.stopped).toBe('budget')
      const served = await servedBy(other)
      other.dispose()
      return served
    }
    expect(found).toEqual(await upTo(3))
    expect(found).not.toEqual(await upTo(9))
  })

  it('waits for `patience` looks in a row, and counts anew from a better one', async () => {
    const model = create('two-tower', { batch: 32, learningRate: 0.02, initial: 'normal' })
    const checks: { step: number; recall: number }[] = []
    const onEvent = (event: FitEvent) => void (event.type === 'validation' && checks.push(event))
    const validation = { every: 1, k: 10, patience: 5 }
    const report = await model.fit(world.data, { budget: { steps: 40 }, validation, onEvent, seed: 3 })
    model.dispose()
    let [best, waited, notBetter] = [{ step: 0, recall: -1 }, 0, 0]
    for (const check of checks) {
      expect(waited).toBeLessThan(5)
      if (check.recall > best.recall) [best, waited] = [check, 0]
      else [waited, notBetter] = [waited + 1, notBetter + 1]
    }
    expect(waited).toBe(5)
    // Some looks before the best one were worse than another, and do not count.
    expect(notBetter).toBeGreaterThan(5)
    expect([report.stopped, report.steps]).toEqual(['early', best.step + 5])
    expect(report.best).toEqual({ step: best.step, k: 10, recall: best.recall })
  })
})

describe('training', () => {
  it.each([
    // Its negatives always weigh as much as their hardest: it can't come so near to zero.
    ['hard-softmax', 0.8],
    ['contrastive', 0.7],
    ['bce', 0.7],
    ['bpr', 0.7],
  ])('learns with the loss %s', async (loss, share) => {
    const options = { loss, learningRate: 0.02, initial: 'normal', dropout: 0 }
    const { steps } = await stepsOf('two-tower', options, { budget: { steps: 40 } })
    expect(steps.at(-1)!.loss).toBeLessThan(share * steps[0].loss)
  })

  it('tells the learning rate of each step, which warms up, holds, and falls', async () => {
    const schedule = { learningRate: 0.01, finalLearningRate: 0.001, warmUp: 14, decayFrom: 0.5 }
    const { steps } = await stepsOf('two-tower', schedule, { budget: { steps: 40 } })
    const expected = [
      [1, 0.01 / 15],
      [10, (0.01 * 10) / 15],
      [20, 0.01],
      [30, (0.01 + 0.001) / 2],
      [40, 0.001],
    ]
    expect(steps.map(({ step }) => step)).toEqual(expected.map(([step]) => step))
    for (const [n, { learningRate }] of steps.entries()) expect(learningRate).toBeCloseTo(expected[n][1], 12)
  })

  it('takes steps of the learning rate that it tells', async () => {
    const once = { budget: { steps: 1 } }
    const warming = await stepsOf('two-tower', { learningRate: 0.04, warmUp: 3, decayFrom: 1 }, once)
    const plain = await stepsOf('two-tower', { learningRate: 0.01, decayFrom: 1 }, once)
    const larger = await stepsOf('two-tower', { learningRate: 0.04, decayFrom: 1 }, once)
    expect(warming.steps[0].learningRate).toBe(plain.steps[0].learningRate)
    expect(warming.data).toEqual(plain.data)
    expect(warming.data).not.toEqual(larger.data)
  })
})

describe('events of a codebook', () => {
  it.each([
    ['sparc', { codebook: { size: 8, levels: 2, reviveEvery: 4, reviveBelow: 0.5 } }],
    ['gemirec', { dictionary: { size: 8, levels: 2, reviveEvery: 4, reviveBelow: 0.5 } }],
  ])('%s: every `reviveEvery` steps once it has begun, and the last says what the codes are', async (name, options) => {
    const model = create(name, { ...options, warmUpSteps: 6, learningRate: 0.05 })
    const events: FitEvent[] = []
    const budget = { steps: 20 }
    await model.fit(withoutValidation, { budget, onEvent: (event) => void events.push(event) })
    const { codes } = readEmbeddings(await model.embedItems())
    model.dispose()
    const began = events.filter((event) => event.type === 'phase')
    expect(began.map(({ step, phase }) => [step, phase])).toEqual([[6, 'joint']])
    const told = events.filter((event) => event.type === 'codebook')
    expect(told.map(({ step }) => step)).toEqual([8, 12, 16, 20])
    const { levels, collisions } = told[3]
    const data = codes?.data ?? new Uint16Array()
    expect([data.length, levels.length]).toEqual([120, 2])
    for (const [l, { usage, perplexity, largest }] of levels.entries()) {
      const counts = new Array<number>(8).fill(0)
      for (let item = 0; item < 60; item++) counts[data[2 * item + l]]++
      const used = counts.filter((count) => count > 0)
      const entropy = -used.reduce((sum, count) => sum + (count / 60) * Math.log(count / 60), 0)
      expect(usage).toBe(used.length / 8)
      expect(perplexity).toBeCloseTo(Math.exp(entropy), 5)
      expect(largest).toBeCloseTo(Math.max(...counts) / 60, 10)
    }
    const pairs = Array.from({ length: 60 }, (_, item) => `${data[2 * item]} ${data[2 * item + 1]}`)
    const shared = pairs.filter((pair) => pairs.indexOf(pair) !== pairs.lastIndexOf(pair))
    expect(collisions).toBeCloseTo(shared.length / 60, 10)
    // It is the state of the end that is told, not one that all share.
    expect(told.slice(0, 3).map((event) => event.levels)).not.toContainEqual(levels)
  })
})
