import { join } from 'node:path'
import { createRecommender } from '@sparc/model'
import { expect, it } from 'vitest'
import { silent } from '../progress/progress.ts'
import { temporary } from '../temporary.fixture.ts'
import { openData } from './data.ts'
import { fit } from './fit.ts'
import { split } from './split.ts'
import { tinyExperiment } from './tiny.fixture.ts'

it('pauses where it is asked to, and goes on from there to what it would have been', async () => {
  const experiment = tinyExperiment({ fit: { steps: 300 } })
  const data = await openData(experiment, { kind: 'synthetic' })
  const parts = split(data.dataset, experiment)
  const options = { dim: 8, batch: 16 }
  const run = async (checkpoint: string, pauseAt?: number) => {
    const recommender = createRecommender('two-tower', options)
    const found = await fit({
      recommender,
      data: { items: data.dataset.items, sequences: parts.train, validation: parts.validation },
      experiment,
      seed: 1,
      checkpoint,
      phase: silent.phase('a test'),
      signal: new AbortController().signal,
      say: silent.say,
      pauseAt,
    })
    recommender.dispose()
    const [steps, looks] = [found.log.steps, found.log.validation].map((log) => log.map(({ step }) => step))
    return { report: found.report, steps, looks }
  }
  const folder = temporary()
  const paused = await run(join(folder, 'paused'), 100)
  expect(paused.report).toBeUndefined()
  expect(paused.steps.at(-1)).toBe(100)
  // Stopped again before it has taken another ten steps: it stands where it was to pause.
  expect((await run(join(folder, 'paused'), 100)).report).toBeUndefined()
  const resumed = await run(join(folder, 'paused'))
  const whole = await run(join(folder, 'whole'))
  expect(resumed.report?.best).toEqual(whole.report?.best)
  expect(resumed.report?.steps).toBe(whole.report?.steps)
  // The curves begin where training began.
  expect(whole.steps[0]).toBe(1)
  expect(resumed).toMatchObject({ steps: whole.steps, looks: whole.looks })
})
