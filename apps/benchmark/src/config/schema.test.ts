import { describe, expect, it } from 'vitest'
import { allOptions, checkRow } from '../pipeline/systems.ts'
import { rowHash } from './hash.ts'
import { builtInConfigs, loadStudy } from './load.ts'
import { parseExperiment, rowName } from './schema.ts'

const least = { name: 'mine', dataset: 'synthetic', systems: ['popularity'] }

describe('an experiment', () => {
  it('has defaults for everything but its name, data and systems', () => {
    const experiment = parseExperiment(least, 'a test')
    expect(experiment).toMatchObject({ split: 'by-user', splitSeed: 1230, seeds: [1], reference: 'sparc' })
    expect(experiment.systems.map(rowName)).toEqual(['popularity'])
  })

  it('refuses an unknown key and says which one was probably meant', () => {
    expect(() => parseExperiment({ ...least, seed: [1] }, 'a test')).toThrow(/seed.*Did you mean "seeds"/s)
    expect(() => parseExperiment({ ...least, fit: { step: 3 } }, 'a test')).toThrow(/Did you mean "steps"/)
    expect(() => parseExperiment({ ...least, systems: [{ sistem: 'sparc' }] }, 'a test')).toThrow(
      /row 1 of systems.*Did you mean "system"/s,
    )
  })

  it('refuses a row that is two things at once, and two rows of one name', () => {
    const two = { system: 'popularity', package: 'other' }
    expect(() => parseExperiment({ ...least, systems: [two] }, 'a test')).toThrow(/exactly one of/)
    expect(() => parseExperiment({ ...least, systems: ['sparc', 'sparc'] }, 'a test')).toThrow(/two rows named sparc/)
  })
})

it('a finished row is known by all options of its system, those that only a version has by default too', () => {
  const experiment = parseExperiment({ ...least, systems: ['sparc'] }, 'a test')
  const [row] = experiment.systems
  const options = allOptions(row, { dim: 32 })
  expect(options).toMatchObject({ dim: 32, codebook: { size: 64, levels: 3 } })
  const names = [options, { ...options, explored: 99 }, { ...options, dim: 33 }, undefined]
  expect(new Set(names.map((all) => rowHash(row, experiment, all))).size).toBe(4)
  expect(rowHash({ ...row, change: 'said otherwise' }, experiment, options)).toBe(rowHash(row, experiment, options))
})

describe('the configurations that come with the app', () => {
  it.each(builtInConfigs())('%s is valid, and names systems and options that there are', async (name) => {
    const study = await loadStudy(name)
    expect(study.experiments.length).toBeGreaterThan(0)
    expect(study.about).not.toBe('')
    for (const { systems, fit } of study.experiments) for (const row of systems) checkRow(row, fit.options)
  })

  it('are found by name, by configs/NAME.json, and suggested where misspelt', async () => {
    expect((await loadStudy('configs/beauty.json')).name).toBe('beauty')
    await expect(loadStudy('beuty')).rejects.toThrow(/Did you mean beauty/)
  })

  it('take what another one says, and change it', async () => {
    const { experiments } = await loadStudy('full')
    expect(experiments.find(({ name }) => name === 'beauty')?.seeds).toEqual([1, 2, 3, 4, 5])
    expect((await loadStudy('beauty')).experiments[0].seeds).toEqual([1])
  })
})
