import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allOptions, checkRow } from '../pipeline/systems.ts'
import { temporary } from '../temporary.fixture.ts'
import { rowHash, sharedHash, stableJson } from './hash.ts'
import { builtInConfigs, configName, loadStudy } from './load.ts'
import { changeRows, parseExperiment, rowName } from './schema.ts'

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

  it('has rows that are like others but for what they say', () => {
    const sparc = { system: 'sparc', options: { dim: 32, codebook: { size: 8 } } }
    const hard = { like: 'sparc', name: 'hard', options: { search: 'hard', codebook: { joint: false } } }
    const { systems } = parseExperiment({ ...least, systems: [sparc, hard] }, 'a test')
    expect(systems[1]).toEqual({
      system: 'sparc',
      name: 'hard',
      options: { dim: 32, search: 'hard', codebook: { size: 8, joint: false } },
    })
    expect(() => parseExperiment({ ...least, systems: [sparc, { ...hard, like: 'spark' }] }, 'a test')).toThrow(
      /"like" of row 2.*Did you mean sparc/s,
    )
  })

  it('refuses a row that is two things at once, and two rows of one name', () => {
    const two = { system: 'popularity', package: 'other' }
    expect(() => parseExperiment({ ...least, systems: [two] }, 'a test')).toThrow(/exactly one of/)
    expect(() => parseExperiment({ ...least, systems: ['sparc', 'sparc'] }, 'a test')).toThrow(/two rows named sparc/)
  })

  it('refuses a seed that is there twice, and options of lists made elsewhere', () => {
    expect(() => parseExperiment({ ...least, seeds: [1, 2, 1] }, 'a test')).toThrow(/a seed twice.*1, 2, 1/s)
    const given = { recommendations: 'lists.arrow', name: 'given' }
    expect(() => parseExperiment({ ...least, systems: [{ ...given, options: { k: 1 } }] }, 'a test')).toThrow(
      /Remove `options`/,
    )
    expect(parseExperiment({ ...least, systems: [given] }, 'a test').systems[0].options).toEqual({})
  })

  it('refuses numbers of others by a metric that there is not, with the one that was probably meant', () => {
    const published = (metric: string) => () => {
      const others = { name: 'Others', source: 'a paper', history: 'filtered', metrics: { [metric]: 0.1 } }
      return parseExperiment({ ...least, published: [others] }, 'a test')
    }
    expect(published('recal@10')).toThrow(/"published".*recal@10 of Others.*Did you mean recall@10\?/s)
    expect(published('long-tail/recal@50')).toThrow(/Did you mean long-tail\/recall@50\?/)
    expect(published('ndcg')).toThrow(/Did you mean ndcg@10\?/)
    expect(published('auc@10')).toThrow(/recall, ndcg, hitRate.*Correct its name/s)
    for (const metric of ['recall@5', 'hitRate@50', 'long-tail/recall@50']) expect(published(metric)).not.toThrow()
  })

  it('refuses rows of the index and a reference that there are not, with the row that was probably meant', () => {
    const systems = ['popularity', 'sparc']
    const parsed = (over: object) => () => parseExperiment({ ...least, systems, ...over }, 'a test')
    expect(parsed({ index: { rows: ['sparq'] } })).toThrow(/"index.rows" names a row.*sparq.*Did you mean sparc/s)
    expect(parsed({ reference: 'populrity' })).toThrow(/"reference" names a row.*Did you mean popularity/s)
    expect(parsed({ reference: 'mind' })).toThrow(/mind.*popularity, sparc.*Correct "reference"/s)
    expect(parsed({ reference: 'sparc-shards', index: { rows: ['sparc'] } })().reference).toBe('sparc-shards')
    expect(parseExperiment(least, 'a test').reference).toBe('sparc')
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

it('lists made elsewhere are known by what is in their file, wherever it lies; other rows as they always were', () => {
  const systems = ['popularity', { recommendations: 'a/lists.arrow', name: 'given' }]
  const experiment = parseExperiment({ ...least, systems }, 'a test')
  const [popularity, given] = experiment.systems
  const moved = { ...given, recommendations: 'b/lists.arrow' }
  expect(rowHash(moved, experiment, undefined, 'x')).toBe(rowHash(given, experiment, undefined, 'x'))
  expect(rowHash(given, experiment, undefined, 'y')).not.toBe(rowHash(given, experiment, undefined, 'x'))
  // Finished rows and runs would be refused by a version that names them otherwise.
  expect(rowHash(popularity, experiment, {})).toBe('90842c55')
  expect(sharedHash(experiment)).toBe('fa07e35e')
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

  it('are kept in a command by name, others as they were given', () => {
    const own = join(temporary(), 'full.json')
    writeFileSync(own, '{}')
    expect(['full', 'configs/full.json', own].map(configName)).toEqual(['full', 'full', own])
  })

  it('are refused as a study with two experiments of one name', async () => {
    const path = join(temporary(), 'study.json')
    writeFileSync(path, JSON.stringify({ name: 'both', experiments: [least, { ...least, split: 'by-time' }] }))
    await expect(loadStudy(path)).rejects.toThrow(/Two experiments.*same name.*mine, mine.*another "name"/s)
  })

  it('take what another one says, and change it', async () => {
    const { experiments } = await loadStudy('full')
    for (const five of ['beauty', 'books', 'synthetic']) {
      expect(experiments.find(({ name }) => name === five)?.seeds).toEqual([1, 2, 3, 4, 5])
    }
    expect((await loadStudy('beauty')).experiments[0].seeds).toEqual([1])
  })

  it('take one that comes with the app where there is none of that name beside them', async () => {
    const folder = temporary()
    const mine = join(folder, 'mine.json')
    const using = (use: unknown) => writeFileSync(mine, JSON.stringify({ use, name: 'mine' }))
    const rows = async () => (await loadStudy(mine)).experiments[0].systems.length
    const beauty = (await loadStudy('beauty')).experiments[0].systems.length
    for (const use of ['beauty.json', 'beauty']) {
      using(use)
      expect(await rows()).toBe(beauty)
    }
    writeFileSync(join(folder, 'beauty.json'), JSON.stringify(least))
    using('beauty.json')
    expect(await rows()).toBe(1)
    using('beuaty.json')
    await expect(loadStudy(mine)).rejects.toThrow(
      /names no other.*beuaty.*ablations, beauty.*Did you mean beauty\.json/s,
    )
    // Numbers of others are of one data set and split.
    const shown = async (more: object) => {
      writeFileSync(mine, JSON.stringify({ use: 'books', name: 'mine', ...more }))
      return (await loadStudy(mine)).experiments[0].published?.length ?? 0
    }
    expect(await shown({ seeds: [2] })).toBeGreaterThan(0)
    expect(await shown({ split: 'leave-one-out' })).toBe(0)
    expect(await shown({ dataset: 'amazon-toys-2014' })).toBe(0)
    using('mine.json')
    await expect(loadStudy(mine)).rejects.toThrow(/comes back to where it began/)
    using(3)
    await expect(loadStudy(mine)).rejects.toThrow(/names no other.*Given: 3.*Mend it in .*mine\.json/s)
  })

  it('are refused where they are no object, and where a needed key is misspelt', async () => {
    const path = join(temporary(), 'mine.json')
    writeFileSync(path, '[1]')
    await expect(loadStudy(path)).rejects.toThrow(/mine\.json is no object.*Given: \[1\].*an experiment/s)
    writeFileSync(path, JSON.stringify({ ...least, systems: undefined, systmes: ['sparc'] }))
    await expect(loadStudy(path)).rejects.toThrow(/systmes.*Did you mean "systems"/s)
  })

  it('take what another one takes from a third, and change it last', async () => {
    const folder = temporary()
    const first = { ...least, systems: [{ system: 'two-tower', options: { dim: 8 } }] }
    const files = {
      'a.json': first,
      'b.json': { use: 'a.json', name: 'b', rows: { 'two-tower': { options: { dim: 16, hidden: 8 } } } },
      'c.json': { use: 'b.json', name: 'c', rows: { 'two-tower': { options: { dim: 32 } } } },
    }
    for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(value))
    const { experiments } = await loadStudy(join(folder, 'c.json'))
    expect(experiments[0]).toMatchObject({ name: 'c', systems: [{ options: { dim: 32, hidden: 8 } }] })
  })

  it('take rows of another one as they are, but for those that "rows" names', async () => {
    const rowsOf = async (name: string) => (await loadStudy(name)).experiments[0].systems
    const [before, after] = await Promise.all([rowsOf('beauty'), rowsOf('leave-one-out')])
    expect(after.map(rowName)).toEqual(before.map(rowName))
    const other = after.filter((row, i) => stableJson(row) !== stableJson(before[i]))
    expect(other).toMatchObject([{ system: 'sasrec', options: { positionScale: 0.5 } }])
    const change = (rows: unknown) => () => changeRows(['popularity', { like: 'x', name: 'mine' }], rows, 'a test')
    expect(change({ mine: { options: { k: 1 } } })()).toEqual([
      { system: 'popularity' },
      { like: 'x', name: 'mine', options: { k: 1 } },
    ])
    const named = changeRows(
      [{ package: './fixtures/every-item' }],
      { '.-fixtures-every-item': { name: 'all' } },
      'a test',
    )
    expect(named).toEqual([{ package: './fixtures/every-item', name: 'all' }])
    expect(change({ popularty: {} })).toThrow(/Did you mean popularity/)
    expect(change(['mine'])).toThrow(/an object of rows by name/)
  })
})
