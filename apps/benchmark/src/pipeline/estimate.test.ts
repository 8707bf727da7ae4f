import { describe, expect, it } from 'vitest'
import { loadStudy } from '../config/load.ts'
import { type Experiment, parseExperiment, rowName } from '../config/schema.ts'
import { secondsOf } from './estimate.ts'

const small = { name: 'mine', dataset: 'amazon-beauty-2014', systems: ['popularity'] }

function minutes(experiment: Experiment, name: string): number {
  return secondsOf(experiment.systems.find((row) => rowName(row) === name)!, experiment) / 60
}

describe('the estimate of how long a row takes', () => {
  // What these rows took on two cores, with 128 or 256 dimensions as the rows or the defaults of their systems say.
  it.each([
    ['beauty', 'sparc', 7, 8],
    ['beauty', 'comirec-sa', 1.5, 2],
    ['beauty', 'two-tower', 1.5, 2],
    ['books', 'sparc', 18, 22],
    ['books', 'two-tower', 5.5, 6.5],
  ])('is near what was measured on %s for %s', async (config, name, least, most) => {
    const [experiment] = (await loadStudy(config)).experiments
    expect(minutes(experiment, name)).toBeGreaterThanOrEqual(least)
    expect(minutes(experiment, name)).toBeLessThanOrEqual(most)
  })

  it('takes what a row leaves open from the defaults of its system, and steps from the experiment before all', () => {
    const of = (options: object, fit: object = {}) =>
      minutes(parseExperiment({ ...small, systems: [{ system: 'comirec-sa', options }], fit }, 'a test'), 'comirec-sa')
    expect(of({})).toBe(of({ dim: 128, steps: 1500 }))
    expect(of({ dim: 256 })).toBeGreaterThan(1.5 * of({}))
    expect(of({ steps: 3000 })).toBeGreaterThan(1.5 * of({}))
    expect(of({ steps: 3000 }, { steps: 1500 })).toBe(of({}))
    expect(of({}, { options: { dim: 64 } })).toBe(of({ dim: 64 }))
    expect(of({}, { seconds: 60 })).toBeLessThan(1.2)
  })

  it.each(['sports', 'books', 'multi'])('knows the size of %s by its short name and by its path', (short) => {
    const name = short === 'multi' ? 'amazon-multi' : `amazon-${short}-2014`
    const of = (dataset: string) =>
      minutes(parseExperiment({ ...small, dataset, systems: ['two-tower'] }, 'a test'), 'two-tower')
    expect(of(name)).toBeGreaterThan(1.1 * of('amazon-beauty-2014'))
    expect([of(short), of(`./data/${name}`)]).toEqual([of(name), of(name)])
  })
})
