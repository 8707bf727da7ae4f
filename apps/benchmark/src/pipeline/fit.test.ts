import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRecommender, type FitOptions, type Recommender } from '@sparc/model'
import { InvalidFileError } from '@sparc/tables'
import { expect, it } from 'vitest'
import { type Phase, silent } from '../progress/progress.ts'
import { temporary } from '../temporary.fixture.ts'
import { fit } from './fit.ts'
import { tinyExperiment } from './tiny.fixture.ts'

/** Fits a system that does what it is told instead of learning. */
function fitted(learn: (options: FitOptions) => Promise<never>, checkpoint: string, phase: Phase) {
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
