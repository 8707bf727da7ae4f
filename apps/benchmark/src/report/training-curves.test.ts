import { expect, it } from 'vitest'
import type { TrainingLog } from '../run-folder/results.ts'
import { codeCurves, lossCurves, recallCurves } from './training-curves.ts'

const step = (at: number, loss: number) => ({ step: at, loss, parts: {} })
const log: TrainingLog = {
  steps: [step(1, 9), step(10, 7), step(20, 4), step(30, 2), step(40, 100)],
  validation: [
    { step: 10, recall: 0.1, seconds: 1 },
    { step: 30, recall: 0.2, seconds: 2 },
  ],
  codebook: [
    { step: 10, usage: [1, 1], perplexity: [7, 3], largest: [0.1, 0.3] },
    { step: 30, usage: [1, 1], perplexity: [8, 4], largest: [0.1, 0.3] },
  ],
}
const drawn = (points: { system: string; x: number; y: number }[]) =>
  points.map(({ system, x, y }) => `${system} ${x} ${y}`)

it('draws what training came to on the validation users, and the mean loss on the way from one look to the next', () => {
  const logs = new Map([['sparc', log]])
  expect(drawn(recallCurves(logs))).toEqual(['sparc 10 0.1', 'sparc 30 0.2'])
  expect(drawn(lossCurves(logs))).toEqual(['sparc 10 8', 'sparc 30 3'])
})

it('draws the spread of the codes, a line for each level', () => {
  expect(drawn(codeCurves(log))).toEqual(['level 1 10 7', 'level 2 10 3', 'level 1 30 8', 'level 2 30 4'])
})
