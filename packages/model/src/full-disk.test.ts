import type { FileHandle, open as openFile } from 'node:fs/promises'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidFileError, readRecommendations } from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ready } from './gradient.fixture.ts'
import type { Recommender } from './recommender.ts'
import { createRecommender, loadRecommender } from './systems.ts'
import { smallWorld, tiny } from './world.fixture.ts'

/** Files that still fit on the disk. */
let room = Number.POSITIVE_INFINITY

vi.mock('node:fs/promises', async (original) => {
  const real = await original<{ open: typeof openFile }>()
  const open = async (...given: Parameters<typeof openFile>): Promise<FileHandle> => {
    const handle = await real.open(...given)
    if (given[1] !== 'w' || --room >= 0) return handle
    const full = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
    return Object.assign(handle, { writeFile: full })
  }
  return { ...real, open }
})

let directory = ''
beforeAll(async () => {
  await ready()
  directory = await mkdtemp(join(tmpdir(), 'sparc-full-'))
})
afterAll(() => rm(directory, { recursive: true }))

const world = smallWorld()
const listsOf = async (model: Recommender) => readRecommendations(await model.recommend(world.queries, { k: 5 }))

describe('a disk that fills up while a model is saved', () => {
  it.each([
    ['sparc', { ...tiny, codebook: { size: 4 }, warmUpSteps: 5 }],
    ['als', { factors: 4 }],
  ])('leaves the %s that was there, and nothing half written', async (name, options) => {
    const place = join(directory, name)
    const model = createRecommender(name, options)
    await model.fit(world.data, { seed: 1 })
    await model.save(place)
    const before = await listsOf(model)
    await model.fit(world.data, { seed: 2 })
    const after = await listsOf(model)
    expect(after.scores).not.toEqual(before.scores)

    let failures = 0
    for (let fits = 0; ; fits++) {
      room = fits
      const saved = await model.save(place).then(
        () => true,
        (error) => {
          expect(InvalidFileError.isInstance(error) && error.code).toBe('NO_SPACE')
          return false
        },
      )
      room = Number.POSITIVE_INFINITY
      expect((await readdir(place)).filter((file) => file.endsWith('.tmp'))).toEqual([])
      const loaded = await loadRecommender(place)
      expect(await listsOf(loaded)).toEqual(saved ? after : before)
      loaded.dispose()
      if (saved) break
      failures++
    }
    expect(failures).toBeGreaterThan(1)
    model.dispose()
  })
})

describe('a disk that fills up while training keeps a checkpoint', () => {
  it('ends training with the best state in place, and the model can be used', async () => {
    const validation = { every: 10, k: 10 }
    const budget = { steps: 60 }
    const model = createRecommender('two-tower', tiny)
    const run = model.fit(world.data, {
      validation,
      budget,
      checkpoint: { directory: join(directory, 'run'), every: 45 },
      onEvent(event) {
        if (event.type === 'step') room = 0
      },
    })
    await expect(run).rejects.toSatisfy((error) => InvalidFileError.isInstance(error) && error.code === 'NO_SPACE')
    room = Number.POSITIVE_INFINITY
    const other = createRecommender('two-tower', tiny)
    const controller = new AbortController()
    const stopped = other.fit(world.data, {
      validation,
      budget,
      signal: controller.signal,
      onEvent(event) {
        if (event.type === 'validation' && event.step === 40) controller.abort()
      },
    })
    await expect(stopped).rejects.toThrow(/the state of step [1-4]0 is kept/)
    expect(await listsOf(model)).toEqual(await listsOf(other))
    for (const each of [model, other]) each.dispose()
  })
})
