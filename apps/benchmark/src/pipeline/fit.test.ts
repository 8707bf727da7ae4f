import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRecommender, type FitOptions, type FitReport, type Recommender } from '@sparc/model'
import { InvalidFileError } from '@sparc/tables'
import { expect, it } from 'vitest'
import { type Phase, silent } from '../progress/progress.ts'
import { temporary } from '../temporary.fixture.ts'
import { fit } from './fit.ts'
import { tinyExperiment } from './tiny.fixture.ts'

/** Fits a system that does what it is told instead of learning. */
function fitted(learn: (options: FitOptions) => Promise<FitReport>, checkpoint: string, phase: Phase) {
  const recommender: Recommender = { ...createRecommender('popularity'), fit: (_, options = {}) => learn(options) }
  const { signal } = new AbortController()
  const job = { recommender, data: {} as never, experiment: tinyExperiment(), seed: 1, checkpoint, phase, signal }
  return fit({ ...job, say: silent.say })
}

it('takes a disk that is full for no damage: the checkpoint stays', async () => {
  const checkpoint = join(temporary(), 'checkpoint')
  mkdirSync(checkpoint)
  writeFileSync(join(checkpoint, 'manifest.json'), '{}')
  const full = () => Promise.reject(new InvalidFileError('NO_SPACE', { what: 'The disk is full' }))
  await expect(fitted(full, checkpoint, silent.phase('a test'))).rejects.toThrow(/disk is full/)
  expect(existsSync(join(checkpoint, 'manifest.json'))).toBe(true)
})

it('shows how far a system is that is computed, and what a trained one has come to', async () => {
  const shown: [number, string | undefined][] = []
  const phase: Phase = { update: (fraction, note) => shown.push([fraction, note]), end() {} }
  const report: FitReport = { system: 'als', steps: 0, seconds: 1, stopped: 'done', skipped: 0 }
  await fitted(
    async ({ onEvent }) => {
      onEvent?.({ type: 'phase', step: 3, phase: 'round 3 of 12' })
      onEvent?.({ type: 'step', step: 5, steps: 10, loss: 2, parts: {}, learningRate: 1, seconds: 1 })
      onEvent?.({ type: 'phase', step: 5, phase: 'joint' })
      return report
    },
    join(temporary(), 'checkpoint'),
    phase,
  )
  expect(shown).toEqual([
    [0.25, 'round 3 of 12'],
    [0.5, 'step 5/10 loss 2.000'],
    [0.5, 'joint'],
  ])
})
