import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  csr,
  makeItems,
  makeQueries,
  makeSequences,
  random,
  readEmbeddings,
  readInterests,
  readItems,
  readRecommendations,
  readSequences,
} from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from './gradient.fixture.ts'
import type { FitEvent, VectorRecommender } from './recommender.ts'
import { create, fitted, learned, learning, world } from './systems.fixture.ts'
import { isCodedRecommender, isVectorRecommender, loadRecommender } from './systems.ts'

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Collects garbage now, which Node offers under a flag only. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}

describe.each(learned)('%s', (name) => {
  // One run that the tests below look at.
  let base: Awaited<ReturnType<typeof fitted>>
  beforeAll(async () => {
    base = await fitted(name)
  })
  afterAll(() => base.model.dispose())

  it('learns: it finds held-back items far more often than it did before it was trained', async () => {
    const { before, after } = await learning(name)
    expect(before).toBeLessThan(0.13)
    expect(after).toBeGreaterThan(1.4 * before)
  })

  it('gives tables that agree with each other: vectors, interests, exact lists', async () => {
    const { model } = base
    const items = readEmbeddings(await model.embedItems())
    const interests = readInterests(await model.embedUsers(world.queries))
    const lists = readRecommendations(await model.recommend(world.queries, { k: 5, excludeSeen: false }))
    expect(items.itemsKey).toBe(world.itemsKey)
    expect(interests.score).toEqual(items.score)
    for (let r = 0; r < 10; r++) {
      const scores = Array.from({ length: 120 }, (_, i) => {
        const parts: number[] = []
        for (let c = interests.offsets[r]; c < interests.offsets[r + 1]; c++) {
          let dot = 0
          for (let d = 0; d < 8; d++) dot += interests.vectors.data[c * 8 + d] * items.vectors.data[i * 8 + d]
          const prior = interests.merge === 'nearest' ? 1 : (interests.probabilities?.[c] ?? 1)
          parts.push(dot * items.score.scale + Math.log(prior))
        }
        if (interests.merge !== 'mixture') return Math.max(...parts)
        return Math.log(parts.reduce((sum, part) => sum + Math.exp(part), 0))
      })
      const best = scores.map((score, i) => ({ score, i })).sort((a, b) => b.score - a.score)
      for (let n = 0; n < 5; n++) {
        const at = lists.items.offsets[r] + n
        expect(lists.scores[at]).toBeCloseTo(best[n].score, 4)
        expect(scores[lists.items.values[at]]).toBeCloseTo(best[n].score, 4)
      }
    }
  })

  it('gives the same model for the same seed, and another for another', async () => {
    const others = [await fitted(name, 1), await fitted(name, 2)]
    const runs = [base, ...others]
    const vectors = await Promise.all(
      runs.map(async ({ model }) => readEmbeddings(await model.embedItems()).vectors.data),
    )
    expect(vectors[0]).toEqual(vectors[1])
    expect(vectors[0]).not.toEqual(vectors[2])
    expect(runs[0].report.best).toEqual(runs[1].report.best)
    for (const { model } of others) model.dispose()
  })

  it('is the same after save and load', async () => {
    const { model } = base
    const directory = join(folder, name)
    await model.save(directory)
    const loaded = await loadRecommender(directory)
    const wanted = { k: 10 }
    const before = readRecommendations(await model.recommend(world.queries, wanted))
    const after = readRecommendations(await loaded.recommend(world.queries, wanted))
    expect(after).toEqual(before)
    if (!isVectorRecommender(loaded)) throw new Error('loaded another kind of model')
    expect(readEmbeddings(await loaded.embedItems())).toEqual(readEmbeddings(await model.embedItems()))
    loaded.dispose()
  })

  it('goes on from a loaded model on a catalogue that has grown, old rows where they were', async () => {
    const directory = join(folder, `${name}-grown`)
    await base.model.save(directory)
    const loaded = await loadRecommender(directory)
    if (!isVectorRecommender(loaded)) throw new Error('loaded another kind of model')
    const ids = [...world.ids, 'new-item']
    // What it says of old items makes no difference.
    const categories = ids.map((_, i) => (i < 120 ? [] : ['All', 'Group 1']))
    const items = makeItems({ ids, lists: { categories } })
    const { key: itemsKey } = readItems(items)
    const newer = csr(Array.from({ length: 64 }, (_, u) => [u % 20, (u + 7) % 20, 120, (u + 3) % 20]))
    const sequences = makeSequences({ users: Array.from({ length: 64 }, (_, u) => `new-${u}`), items: newer, itemsKey })
    const vectorsOf = async () => readEmbeddings(await loaded.embedItems()).vectors
    const before = await vectorsOf()
    const taken = await loaded.fit({ items, sequences }, { from: 'current', budget: { steps: 0 } })
    const grown = await vectorsOf()
    expect(grown.rows).toBe(121)
    expect(grown.data.subarray(0, before.data.length)).toEqual(before.data)
    const trained = await loaded.fit({ items, sequences }, { from: 'current', budget: { steps: 10 } })
    expect(trained.steps).toBe(10)
    expect((await vectorsOf()).data).not.toEqual(grown.data)
    const coded = name === 'sparc' || name === 'gemirec'
    expect([taken.drift, trained.drift !== undefined]).toEqual(coded ? [0, true] : [undefined, false])
    const queries = makeQueries({ users: ['you'], history: csr([[120, 3]]), itemsKey })
    const lists = readRecommendations(await loaded.recommend(queries, { k: 121, excludeSeen: false }))
    expect(lists.items.values).toContain(120)
    loaded.dispose()
  })

  it('leaves no tensor behind', async () => {
    const clean = tf.memory()
    const model = create(name)
    await model.fit(world.data, { budget: { steps: 12 } })
    const directory = join(folder, `${name}-leak`)
    const held = tf.memory()
    for (const call of [
      () => model.recommend(world.queries, { k: 5 }),
      () => model.embedItems(),
      () => model.embedUsers(world.queries, { interests: 2 }),
      () => model.save(directory),
      () => (isCodedRecommender(model) ? model.codebook() : undefined),
      () => (isCodedRecommender(model) ? model.describeInterest(0) : undefined),
      () => model.fit(world.data, { signal: AbortSignal.abort() }).catch(() => undefined),
      () => model.fit(world.data, { budget: { steps: -1 } }).catch(() => undefined),
    ]) {
      await call()
      expect(tf.memory().numTensors).toBe(held.numTensors)
      expect(tf.memory().numBytes).toBe(held.numBytes)
    }
    await model.fit(world.data, { budget: { steps: 12 } })
    expect(tf.memory().numTensors).toBe(held.numTensors)
    const stop = new AbortController()
    const onEvent = ({ type }: FitEvent) => void (type === 'validation' && stop.abort())
    const stopped = model.fit(world.data, { signal: stop.signal, onEvent, validation: { every: 10 } })
    await expect(stopped).rejects.toThrow(/cancelled/)
    expect(tf.memory().numTensors).toBe(held.numTensors)
    const loaded = await loadRecommender(directory)
    loaded.dispose()
    model.dispose()
    expect(tf.memory().numTensors).toBe(clean.numTensors)
    expect(tf.memory().numBytes).toBe(clean.numBytes)
  })

  it('stops when asked to, keeps its best state, and can be used', async () => {
    const model = create(name)
    const controller = new AbortController()
    const onEvent = (event: FitEvent) => {
      if (event.type === 'validation' && event.best) controller.abort()
    }
    const run = model.fit(world.data, {
      signal: controller.signal,
      onEvent,
      budget: { steps: 100_000 },
      validation: { every: 10 },
    })
    if (name === 'sparc') {
      // Its codebook begins after the warm-up, before which no state is kept.
      await expect(run).rejects.toThrow(/cancelled at step [1-9]0 .*state of step [1-9]0 is kept/)
    } else {
      await expect(run).rejects.toThrow(/cancelled at step 10 .*state of step 10 is kept/)
    }
    expect(readRecommendations(await model.recommend(world.queries, { k: 3 })).scores.length).toBe(180)
    model.dispose()
  })

  it.each([9, 17, 29])('resumes where it was stopped, at step %i, bit for bit', async (stopAt) => {
    const directory = join(folder, `${name}-run-${stopAt}`)
    const controller = new AbortController()
    const validation = { every: 10, k: 10 }
    const first = create(name)
    const stopped = first.fit(world.data, {
      signal: controller.signal,
      checkpoint: { directory, every: stopAt },
      onEvent: (event) => event.type === 'checkpoint' && controller.abort(),
      validation,
    })
    // The loop looks at the signal when it has breathed; wherever that was, the checkpoint holds it.
    await stopped.catch(() => undefined)
    first.dispose()
    const second = create(name)
    const resume = { checkpoint: { directory, resume: true }, validation }
    const steps: number[] = []
    const report = await second.fit(world.data, {
      ...resume,
      onEvent: (event) => event.type === 'step' && steps.push(event.step),
    })
    // A run from the start would have told of step 1.
    expect(steps).toEqual([10, 20, 30].filter((step) => step > stopAt))
    expect(report.best).toEqual(base.report.best)
    const vectors = async (model: VectorRecommender) => readEmbeddings(await model.embedItems())
    expect(await vectors(second)).toEqual(await vectors(base.model))
    const interests = async (model: VectorRecommender) => readInterests(await model.embedUsers(world.queries))
    expect(await interests(second)).toEqual(await interests(base.model))
    await expect(second.fit(world.data, { ...resume, seed: 2 })).rejects.toThrow(/its seed is another/)
    const onward = { ...resume, from: 'current' as const }
    await expect(second.fit(world.data, onward)).rejects.toThrow(/its from is another/)
    second.dispose()
  })

  it('continues on more data, stopped and resumed, as if it had not been stopped', async () => {
    const saved = join(folder, `${name}-continued`)
    await base.model.save(saved)
    const directory = join(folder, `${name}-continued-run`)
    const run = { from: 'current' as const, budget: { steps: 20 }, validation: { every: 10, k: 10 } }
    const load = async () => {
      const model = await loadRecommender(saved)
      if (!isVectorRecommender(model)) throw new Error('loaded another kind of model')
      return model
    }
    const [whole, first, second] = [await load(), await load(), await load()]
    const expected = await whole.fit(world.data, run)
    const controller = new AbortController()
    const onEvent = (event: FitEvent) => event.type === 'checkpoint' && controller.abort()
    const stopped = first.fit(world.data, {
      ...run,
      signal: controller.signal,
      checkpoint: { directory, every: 7 },
      onEvent,
    })
    await stopped.catch(() => undefined)
    const report = await second.fit(world.data, { ...run, checkpoint: { directory, resume: true } })
    expect(report.best).toEqual(expected.best)
    expect(readEmbeddings(await second.embedItems())).toEqual(readEmbeddings(await whole.embedItems()))
    for (const model of [whole, first, second]) model.dispose()
  })

  it('looks at what it continues from before it goes on', async () => {
    const { model } = await fitted(name)
    const looks: { step: number; recall: number }[] = []
    const onEvent = (event: FitEvent) => void (event.type === 'validation' && looks.push(event))
    const run = { from: 'current' as const, budget: { steps: 3 }, validation: { k: 10 }, onEvent }
    const { best } = await model.fit(world.data, run)
    expect(looks.map(({ step }) => step)).toEqual([0, 3])
    expect(best?.recall).toBe(Math.max(...looks.map(({ recall }) => recall)))
    model.dispose()
  })

  it('gives who has no history the most popular items', async () => {
    const queries = makeQueries({ users: ['new', 'old'], history: csr([[], [1, 2]]), itemsKey: world.itemsKey })
    const { items, scores } = readRecommendations(await base.model.recommend(queries, { k: 3 }))
    const counts = new Array<number>(120).fill(0)
    for (const item of readSequences(world.data.sequences).items.values) counts[item]++
    const most = counts.toSorted((a, b) => b - a)
    expect([...scores.subarray(0, 3)]).toEqual(most.slice(0, 3))
    expect(Array.from(items.values.subarray(0, 3), (item) => counts[item])).toEqual(most.slice(0, 3))
    expect(items.offsets[2]).toBe(6)
    const alone = makeQueries({ users: ['old'], history: csr([[1, 2]]), itemsKey: world.itemsKey })
    const same = readRecommendations(await base.model.recommend(alone, { k: 3 }))
    expect([...items.values.subarray(3)]).toEqual([...same.items.values])
  })

  it('embeds a user alike alone and among others, whether its history is full or short, and nobody without one', async () => {
    const draw = random(9)
    const histories = [6, 6, 2, 0].map((length) => Array.from({ length }, () => draw.int(120)))
    const embed = async (users: number[]) => {
      const history = csr(users.map((u) => histories[u]))
      const queries = makeQueries({ users: users.map(String), history, itemsKey: world.itemsKey })
      const { offsets, vectors, codes } = readInterests(await base.model.embedUsers(queries))
      return users.map((_, r) => ({
        vectors: vectors.data.subarray(offsets[r] * vectors.dim, offsets[r + 1] * vectors.dim),
        codes: codes?.subarray(offsets[r], offsets[r + 1]),
      }))
    }
    const all = await embed([0, 1, 2, 3])
    expect(all.map(({ vectors }) => vectors.length > 0)).toEqual([true, true, true, false])
    for (const users of [[0], [0, 1], [1, 2], [2], [3], [3, 3], [3, 2]]) {
      const found = await embed(users)
      for (const [r, user] of users.entries()) {
        expect(found[r].codes).toEqual(all[user].codes)
        expect(found[r].vectors.length).toBe(all[user].vectors.length)
        for (const [i, x] of found[r].vectors.entries()) expect(Math.abs(x - all[user].vectors[i])).toBeLessThan(1e-5)
      }
    }
  })

  it('tells what happened, in order', () => {
    const { events, report } = base
    expect(events[0].type).toBe('start')
    expect(events.at(-1)).toEqual({ type: 'end', report })
    const checks = events.filter((event) => event.type === 'validation')
    expect(checks.map(({ step }) => step)).toEqual([10, 20, 30])
    expect(report.best?.recall).toBe(Math.max(...checks.filter(({ best }) => best).map(({ recall }) => recall)))
  })
})

it('a run that is stopped while it validates looks at that state again when it is resumed', async () => {
  const whole = await fitted('two-tower')
  const directory = join(folder, 'stopped-in-validation')
  const controller = new AbortController()
  const validation = { every: 10, k: 10 }
  const first = create('two-tower')
  const onEvent = (event: FitEvent) => {
    // The check of step 10 begins in this turn of the event loop, and lets the next one in after its users.
    if (event.type === 'step' && event.step === 10) setImmediate(() => controller.abort())
  }
  const run = first.fit(world.data, { signal: controller.signal, checkpoint: { directory }, onEvent, validation })
  await expect(run).rejects.toThrow(/cancelled at step 10 of 30.*no validated state/)
  first.dispose()
  const second = create('two-tower')
  const checks: number[] = []
  const report = await second.fit(world.data, {
    checkpoint: { directory, resume: true },
    validation,
    onEvent: (event) => event.type === 'validation' && checks.push(event.step),
  })
  expect(checks).toEqual([10, 20, 30])
  expect(report.best).toEqual(whole.report.best)
  second.dispose()
  whole.model.dispose()
})

it.each([
  ['two-tower', 10_000],
  // Its codes are cared for every four steps, 250 times.
  ['sparc', 1_000],
])(
  '%s: %d steps grow the process by less than 50 MB',
  async (name, steps) => {
    const model = create(name)
    const resident: number[] = []
    const collect = garbageCollector()
    const onEvent = (event: FitEvent) => {
      if (event.type !== 'step' || event.step % (steps / 20) !== 0) return
      // Else it goes up and down by a hundred megabytes.
      collect()
      resident.push(process.memoryUsage().rss)
    }
    const { items, sequences } = world.data
    await model.fit({ items, sequences }, { budget: { steps }, onEvent })
    model.dispose()
    expect(resident.length).toBe(20)
    const least = (values: number[]) => Math.min(...values)
    expect(least(resident.slice(-4)) - least(resident.slice(0, 4))).toBeLessThan(50e6)
  },
  240_000,
)
