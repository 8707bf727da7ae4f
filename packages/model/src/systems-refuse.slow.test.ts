import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  csr,
  decodeSafetensors,
  encodeSafetensors,
  InvalidInputError,
  makeSequences,
  openFolder,
  readEmbeddings,
  readInterests,
  readRecommendations,
  saveFolder,
  TrainingError,
} from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from './gradient.fixture.ts'
import { MODEL_FORMAT } from './model-format.ts'
import { create, fitted, learned, optionsOf, world } from './systems.fixture.ts'
import { createRecommender, isVectorRecommender, loadRecommender } from './systems.ts'
import { smallWorld } from './world.fixture.ts'

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

  it.each([1e10, 1e30])(
    'stops where the loss is not finite, at rate %d, and keeps a state that can be used',
    async (learningRate) => {
      for (const fit of [{ validation: { every: 1 } }, { validation: { every: 100 } }, {}]) {
        const model = createRecommender(name, { ...optionsOf(name), learningRate, normalize: false })
        const { items, sequences } = world.data
        const data = 'validation' in fit ? world.data : { items, sequences }
        const error = await model.fit(data, fit).catch((thrown: unknown) => thrown)
        // Losses that are cosines inside take any rate; then nothing ended.
        if (error !== undefined && TrainingError.isInstance(error)) {
          expect(error.message).toMatch(/not finite at step \d+.*state of step \d+ is kept/s)
        } else expect(error).toMatchObject({ system: name })
        if (!isVectorRecommender(model)) throw new Error(`${name} is no vector system`)
        for (const numbers of [
          readEmbeddings(await model.embedItems()).vectors.data,
          readInterests(await model.embedUsers(world.queries)).vectors.data,
          readRecommendations(await model.recommend(world.queries, { k: 3 })).scores,
        ]) {
          expect(numbers.length).toBeGreaterThan(0)
          expect(numbers.every(Number.isFinite)).toBe(true)
        }
        model.dispose()
      }
    },
  )

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
    await recommend({ k: 3, among: 'x' }).toThrow(/filter.*Int32Array/s)
    const embed = (given: unknown) => expect(base.model.embedUsers(world.queries, given as object)).rejects
    await embed({ intrests: 1 }).toThrow(/Did you mean "interests"/)
    await embed(3).toThrow(/object/)
    const { items, sequences, validation } = world.data
    await expect(model.fit({ items, sequences, validaton: validation } as never)).rejects.toThrow(
      /Did you mean "validation"/,
    )
    await expect(model.fit({ items, sequences }, { validation: { every: 5 } })).rejects.toThrow(
      /nothing to validate on/,
    )
    await expect(model.fit(undefined as never)).rejects.toThrow(InvalidInputError)
    await expect(model.fit({} as never)).rejects.toThrow(InvalidInputError)
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

it.each([
  ['sparc', 'codebook.size'],
  ['gemirec', 'dictionary.size'],
])(
  '%s: a catalogue with fewer items than codes is refused before training, with the option that helps',
  async (name, option) => {
    const { data } = smallWorld({ items: 60 })
    const model = createRecommender(name)
    await expect(model.fit(data)).rejects.toThrow(new RegExp(`60 items and 64 codes.*${option} 6`, 's'))
    model.dispose()
  },
)

it.each([
  [{ hardness: 0.5 }, /"hardness" of two-tower would change nothing.*hard-softmax/s],
  [{ idDropout: 0.5 }, /"idDropout" of two-tower would change nothing.*features: true/s],
])('refuses an option that lacks the one it belongs to: %o', (options, message) => {
  expect(() => createRecommender('two-tower', options)).toThrow(message)
})
