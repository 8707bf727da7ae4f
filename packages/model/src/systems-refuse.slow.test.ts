import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  csr,
  decodeSafetensors,
  encodeSafetensors,
  makeSequences,
  openFolder,
  readEmbeddings,
  saveFolder,
  TrainingError,
} from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MODEL_FORMAT } from './checkpoint.ts'
import { ready } from './gradient.fixture.ts'
import { create, fitted, learned, optionsOf, world } from './systems.fixture.ts'
import { createRecommender, isVectorRecommender, loadRecommender } from './systems.ts'

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(learned)('%s', (name) => {
  // One run that the tests below look at.
  let base: Awaited<ReturnType<typeof fitted>>
  beforeAll(async () => {
    base = await fitted(name)
  })
  afterAll(() => base.model.dispose())

  it('stops with an error that says where when the loss is not finite', async () => {
    const model = createRecommender(name, { ...optionsOf(name), learningRate: 1e30, normalize: false })
    const error = await model.fit(world.data, { validation: { every: 1 } }).catch((thrown: unknown) => thrown)
    if (!TrainingError.isInstance(error)) throw error
    expect(error.message).toMatch(/not finite at step \d+.*"parts".*is kept/)
    // What is kept is a state from before, which can be used.
    if (!isVectorRecommender(model)) throw new Error(`${name} is no vector system`)
    expect(readEmbeddings(await model.embedItems()).vectors.data.every(Number.isFinite)).toBe(true)
    model.dispose()
  })

  it('refuses to resume a run of another budget or another way to compare states', async () => {
    const directory = join(folder, `${name}-identity`)
    const model = create(name)
    const run = { checkpoint: { directory, resume: true }, validation: { every: 10, k: 10 }, budget: { steps: 11 } }
    await model.fit(world.data, run)
    await expect(model.fit(world.data, { ...run, budget: { steps: 12 } })).rejects.toThrow(/its steps is another/)
    const other = { ...run, validation: { every: 10, k: 5 } }
    await expect(model.fit(world.data, other)).rejects.toThrow(/its validation is another/)
    model.dispose()
  })

  it('keeps what it has learned where a new fit is refused', async () => {
    const { model } = await fitted(name)
    const vectors = async () => readEmbeddings(await model.embedItems()).vectors.data
    const before = await vectors()
    const { items, sequences: all } = world.data
    const sequences = makeSequences({ users: ['a'], items: csr([[1]]), itemsKey: world.itemsKey })
    await expect(model.fit({ items, sequences })).rejects.toThrow(/nothing to learn/)
    expect(await vectors()).toEqual(before)
    const none = { ...world.data, validation: world.data.validation.slice(0, 0) }
    await expect(model.fit(none)).rejects.toThrow(/nothing to validate on/)
    const running = model.fit({ items, sequences: all }, { budget: { steps: 1 }, from: 'current' })
    await expect(model.fit(world.data)).rejects.toThrow(/being fitted already/)
    model.dispose()
    await running
    const fresh = create(name)
    await expect(fresh.fit({ items, sequences })).rejects.toThrow(/nothing to learn/)
    await expect(fresh.embedItems()).rejects.toThrow(/learned nothing yet/)
    fresh.dispose()
  })

  it('stops before the first step where it is asked to, and leaves a saved model alone', async () => {
    const directory = join(folder, `${name}-model`)
    const { model } = await fitted(name)
    await model.save(directory)
    const tensors = tf.memory().numTensors
    await expect(model.fit(world.data, { signal: AbortSignal.abort() })).rejects.toThrow(/was cancelled/)
    await expect(model.fit(world.data, { checkpoint: { directory, every: 10 } })).rejects.toThrow(
      /holds something else/,
    )
    expect(tf.memory().numTensors).toBe(tensors)
    const again = await loadRecommender(directory)
    again.dispose()
    model.dispose()
  })

  it('refuses options of fit and recommend that mean nothing', async () => {
    const model = create(name)
    const fit = (given: object) => expect(model.fit(world.data, given)).rejects
    await fit({ budgett: { steps: 3 } }).toThrow(/Unknown key in options of fit.*Did you mean "budget"/s)
    await fit({ budget: { step: 3 } }).toThrow(/Unknown key.*budget.*Did you mean "steps"/s)
    for (const budget of [{ steps: -5 }, { steps: Number.NaN }, { seconds: 0 }]) await fit({ budget }).toThrow(/budget/)
    for (const validation of [{ k: 2.5 }, { patience: 0 }, { every: 0 }, { maxUsers: 0 }]) {
      await fit({ validation }).toThrow(/validation/)
    }
    await fit({ from: 'curent' }).toThrow(/from/)
    const recommend = (given: object) => expect(base.model.recommend(world.queries, given as { k: number })).rejects
    await recommend({ k: 3, excludeseen: false }).toThrow(/Did you mean "excludeSeen"/)
    await recommend({}).toThrow(/number of recommendations/)
    model.dispose()
  })

  it('does not load a model that lacks some of its numbers', async () => {
    const directory = join(folder, `${name}-lacking`)
    await base.model.save(directory)
    const manifest = await openFolder(directory, MODEL_FORMAT)
    const { tensors } = decodeSafetensors(await manifest.read('dense.safetensors'))
    const [lost] = Object.keys(tensors)
    const { [lost]: _, ...rest } = tensors
    const files = Object.fromEntries(
      await Promise.all(manifest.names.map(async (file) => [file, await manifest.read(file)] as const)),
    )
    files['dense.safetensors'] = encodeSafetensors(rest)
    await saveFolder(directory, { ...MODEL_FORMAT, meta: manifest.meta, files })
    const before = tf.memory().numTensors
    await expect(loadRecommender(directory)).rejects.toThrow(new RegExp(`not complete.*${lost}`, 's'))
    expect(tf.memory().numTensors).toBe(before)
  })
})
