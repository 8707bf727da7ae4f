import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCodebook, readEmbeddings, readInterests } from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from './gradient.fixture.ts'
import type { CodedRecommender, FitEvent } from './recommender.ts'
import { openServing } from './serving/index.ts'
import { createRecommender, isVectorRecommender, loadRecommender } from './systems.ts'
import { smallWorld, tiny } from './world.fixture.ts'

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-codebook-'))
})
afterAll(() => rm(folder, { recursive: true }))

const world = smallWorld()
const create = (name: string, options: object) => createRecommender(name, { ...tiny, ...options }) as CodedRecommender

describe.each([
  ['sparc', { codebook: { size: 4 } }],
  ['gemirec', { dictionary: { size: 4 } }],
])('the codebook of %s', (name, options) => {
  it('makes no codes where training was stopped before it began, saved or not', async () => {
    const model = create(name, { ...options, warmUpSteps: 20 })
    const controller = new AbortController()
    const run = model.fit(world.data, {
      budget: { steps: 60 },
      signal: controller.signal,
      validation: { every: 10 },
      onEvent: (event) => event.type === 'validation' && controller.abort(),
    })
    await expect(run).rejects.toThrow(/cancelled at step 10/)
    const directory = join(folder, name)
    await model.save(directory)
    const loaded = await loadRecommender(directory)
    if (!isVectorRecommender(loaded)) throw new Error(`${name} is no vector system`)
    for (const each of [model, loaded as CodedRecommender]) {
      expect(readEmbeddings(await each.embedItems()).codes).toBeUndefined()
      const interests = readInterests(await each.embedUsers(world.queries))
      expect([interests.codes, interests.vectors.rows]).toEqual([undefined, interests.users.length])
      expect(readCodebook(await each.codebook()).levels).toEqual([])
      await expect(each.describeInterest(0)).rejects.toThrow(/no such interest.*has no codes/s)
      each.dispose()
    }
    const [best] = (await openServing(directory)).recommend(['item-1', 'item-2'], { k: 1 })
    expect(best.score).toBeGreaterThan(-10)
  })

  it('begins in the middle of a budget in seconds, however long its warm-up', async () => {
    const model = create(name, { ...options, warmUpSteps: 1e6 })
    const events: FitEvent[] = []
    const { steps } = await model.fit(
      { ...world.data, validation: undefined },
      { budget: { seconds: 1, steps: 1e6 }, onEvent: (event) => void events.push(event) },
    )
    expect(steps).toBeLessThan(1e5)
    const begun = events.find((event) => event.type === 'phase')
    expect(begun).toMatchObject({ phase: 'joint' })
    expect(begun?.type === 'phase' && begun.step).toBeGreaterThan(0)
    expect(readEmbeddings(await model.embedItems()).codes?.data.length).toBeGreaterThan(0)
    model.dispose()
  })
})
