import { describe, expect, it } from 'vitest'
import { loadStudy } from './load.ts'
import { bySplit, cutStudy, type Part } from './part.ts'
import { rowName } from './schema.ts'

const study = await loadStudy('full')

it('a study by another split has other names and no numbers of others, and what is by it already stays', async () => {
  const [sports] = bySplit(await loadStudy('sports'), 'by-time').experiments
  expect(sports).toMatchObject({ name: 'sports-by-time', split: 'by-time', dataset: 'amazon-sports-2014' })
  const beauty = await loadStudy('beauty')
  expect(beauty.experiments[0].published?.length).toBeGreaterThan(0)
  expect(bySplit(beauty, 'leave-one-out').experiments[0].published).toBeUndefined()
  expect(bySplit(beauty, 'by-user')).toBe(beauty)
  expect(bySplit(beauty, undefined)).toBe(beauty)
  const all = bySplit(study, 'by-time').experiments.map(({ name, split }) => `${name} ${split}`)
  expect(new Set(all).size).toBe(all.length)
  expect(all).toContain('by-time by-time')
  expect(all.every((each) => each.endsWith(' by-time'))).toBe(true)
})

/** `experiment/row/seed` of everything that a part runs. */
function fits(part: Part): string[] {
  return cutStudy(study, part).flatMap(({ experiment: { name, systems, seeds }, wanted }) =>
    systems.flatMap((row) =>
      seeds.filter((seed) => wanted(row, seed)).map((seed) => `${name}/${rowName(row)}/${seed}`),
    ),
  )
}

describe('a part of a study', () => {
  it('is all of it where nothing is said, with every experiment whole', () => {
    expect(cutStudy(study, {}).map(({ experiment }) => experiment)).toEqual(study.experiments)
  })

  it('takes experiments by name and data sets by a part of their name', () => {
    const names = (part: Part) => cutStudy(study, part).map(({ experiment }) => experiment.name)
    expect(names({ experiments: ['toys', 'books'] })).toEqual(['books', 'toys'])
    expect(names({ datasets: ['beauty'] })).toEqual(['beauty', 'leave-one-out', 'by-time', 'features', 'ablations'])
    expect(names({ datasets: ['beauty'], experiments: ['by-time', 'books'] })).toEqual(['by-time'])
  })

  it('takes rows by name or by system, and leaves out experiments that have none of them', () => {
    expect(fits({ models: ['attention'], seeds: [2] })).toEqual([2].flatMap((seed) => sets(seed, 'attention')))
    expect(fits({ models: ['comirec-sa'], seeds: [5] })).toEqual(
      ['beauty', 'books', 'synthetic'].map((name) => `${name}/comirec-sa/5`),
    )
    // No row has the system's own name here.
    const systems = study.experiments[0].systems.filter((row) => rowName(row) !== 'comirec-sa')
    const [{ experiment, wanted }] = cutStudy(
      { ...study, experiments: [{ ...study.experiments[0], systems }] },
      { models: ['comirec-sa'] },
    )
    expect(experiment.systems.filter((row) => wanted(row, 1)).map(rowName)).toEqual(['attention'])
  })

  it('keeps the first seed of an experiment the first, also where another one is asked for', () => {
    const [{ experiment }] = cutStudy(study, { experiments: ['beauty'], seeds: [3] })
    expect(experiment.seeds).toEqual([1, 2, 3, 4, 5])
  })

  it('refuses a name that stands for nothing, with the one that was probably meant', () => {
    expect(() => cutStudy(study, { models: ['two-towr'] })).toThrow(/--models.*Did you mean two-tower/s)
    expect(() => cutStudy(study, { experiments: ['bauty'] })).toThrow(/--experiments.*Did you mean beauty/s)
    expect(() => cutStudy(study, { datasets: ['garden'] })).toThrow(/--datasets.*amazon-multi/s)
    expect(() => cutStudy(study, { seeds: [6] })).toThrow(/--seeds.*6.*1, 2, 3, 4, 5/s)
  })
})

function sets(seed: number, row: string): string[] {
  return ['beauty', 'books', 'books-tuned', 'sports', 'toys'].map((name) => `${name}/${row}/${seed}`)
}
