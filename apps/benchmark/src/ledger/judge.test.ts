import { writeFileSync } from 'node:fs'
import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import type { Rival, Test } from './claims.ts'
import { judge } from './judge.ts'
import { type MadeUpRow, madeUpRun } from './made-up-run.fixture.ts'

const five = [1, 2, 3, 4, 5]
const claim = (test: Test) => [{ claim: 'a claim', source: 'a test', test }]
const coverage = (than: Rival = { bestOf: 'learned' }, by?: number) =>
  claim({ kind: 'seeds', row: 'sparc', than, metric: 'coverage@50', by })
const recall = (than: Rival) => claim({ kind: 'users', row: 'sparc', than, metric: 'recall@50' })

/** Rows of one name with a coverage that differs a little from seed to seed. */
function covering(name: string, level: number, seeds = five, over: Partial<MadeUpRow> = {}): MadeUpRow[] {
  return seeds.map((seed) => ({
    name,
    seed,
    values: { 'coverage@50': level + seed / 1000 + (seed % 2) / 5000 },
    ...over,
  }))
}

/** Rows of one name with a Recall@50 of each user, whose mean differs a little from seed to seed. */
function recalling(name: string, level: number, seeds = five, over: Partial<MadeUpRow> = {}): MadeUpRow[] {
  const draw = random(8).fork(name)
  return seeds.map((seed) => ({
    name,
    seed,
    users: Float64Array.from({ length: 200 }, () => level + 0.05 * draw.normal()),
    ...over,
  }))
}

const rivalIn = (measured: string[]) => measured.map((text) => / of (\S+) \(/.exec(text)?.[1])

describe('who a claim is held against', () => {
  it('is the best by its system, under any name', async () => {
    const tuned = covering('sasrec-tuned', 0.4, five, { system: 'sasrec' })
    const run = await madeUpRun([...covering('sparc', 0.5), ...covering('mind', 0.3), ...tuned])
    const [{ measured, verdict }] = await judge(coverage(), [run])
    expect(rivalIn(measured)).toEqual(['sasrec-tuned'])
    expect(verdict).toBe('reproduced')
  })

  it('is a system of another package or lists made elsewhere, too', async () => {
    const own = covering('mine', 0.45, five, { system: '../my-recommender' })
    const run = await madeUpRun([...covering('sparc', 0.5), ...covering('mind', 0.3), ...own])
    expect(rivalIn((await judge(coverage(), [run]))[0].measured)).toEqual(['mine'])

    const given = recalling('from-python', 0.7, [1], { kind: 'given', system: 'lists.arrow' })
    const lists = await madeUpRun([...recalling('sparc', 0.5), ...recalling('ease', 0.6, [1]), ...given])
    for (const bestOf of ['learned', 'all'] as const) {
      const [{ measured, verdict }] = await judge(recall({ bestOf }), [lists])
      expect(rivalIn(measured)).toEqual(['from-python'])
      expect(verdict).toBe('not reproduced')
    }
  })

  it('is no variant of the claimed system, no GemiRec without its idea, no shards, and learned where that is said', async () => {
    const run = await madeUpRun([
      ...recalling('sparc', 0.5),
      ...recalling('sparc-control', 0.9, five, { system: 'sparc' }),
      ...recalling('gemirec-history', 0.8, five, { system: 'gemirec', options: { source: 'history' } }),
      ...recalling('gemirec-shards', 0.75, five, { system: 'gemirec', kind: 'shards' }),
      ...recalling('ease', 0.7, [1]),
      ...recalling('gemirec', 0.4),
    ])
    expect(rivalIn((await judge(recall({ bestOf: 'learned' }), [run]))[0].measured)).toEqual(['gemirec'])
    expect(rivalIn((await judge(recall({ bestOf: 'all' }), [run]))[0].measured)).toEqual(['ease'])
  })
})

describe('how many seeds are enough', () => {
  const run = (mind: number) =>
    madeUpRun([...covering('sparc', 0.5), ...covering('two-tower', 0.3), ...covering('mind', mind, [2])])

  it('passes over a rival with one seed for one with three, and names it', async () => {
    const [{ measured, verdict, why }] = await judge(coverage(), [await run(0.4)])
    expect(rivalIn(measured)).toEqual(['two-tower'])
    expect(verdict).toBe('reproduced')
    expect(why).toMatch(/mind with \.4020 on 1 seed \(made-up\)$/)
  })

  it('does not call a claim reproduced that a rival with one seed speaks against', async () => {
    const [{ verdict, why }] = await judge(coverage(), [await run(0.6)])
    expect(verdict).toBe('not reproduced')
    expect(why).toMatch(/not above a better rival that has fewer seeds.*mind with \.6020 on 1 seed/)
    expect((await judge(coverage({ bestOf: 'learned' }, 0.5), [await run(0.4)]))[0].verdict).toBe('not reproduced')
  })

  it('passes over such a rival in tests over users as well, but not one that no seed changes', async () => {
    const rows = [...recalling('sparc', 0.5), ...recalling('mind', 0.4), ...recalling('remi', 0.45, [1])]
    const [{ measured, why }] = await judge(recall({ bestOf: 'all' }), [await madeUpRun(rows)])
    expect(rivalIn(measured)).toEqual(['mind'])
    expect(why).toMatch(/remi with \.4\d+ on 1 seed/)
    const ease = await judge(recall({ bestOf: 'all' }), [await madeUpRun([...rows, ...recalling('ease', 0.48, [1])])])
    expect(rivalIn(ease[0].measured)).toEqual(['ease'])
    expect(ease[0].verdict).toBe('reproduced')
  })

  it('is five for a verdict: on one seed the best of all is the rival, and nothing is reproduced', async () => {
    const rows = [...recalling('sparc', 0.5, [1]), ...recalling('mind', 0.4, [1]), ...recalling('ease', 0.3, [1])]
    const [{ measured, verdict, why }] = await judge(recall({ bestOf: 'all' }), [await madeUpRun(rows)])
    expect(rivalIn(measured)).toEqual(['mind'])
    expect(verdict).toBe('not testable here')
    expect(why).toMatch(/takes 5 seeds; on 1 seed/)
  })

  it('counts the seeds that both have for a number of a whole run', async () => {
    const few = await madeUpRun([...covering('sparc', 0.5, [1, 2, 3]), ...covering('mind', 0.4, [3, 4, 5])])
    expect((await judge(coverage(), [few]))[0].why).toMatch(/at least 3 seeds that both rows have/)
    const four = await madeUpRun([...covering('sparc', 0.5, [1, 2, 3, 4]), ...covering('mind', 0.4, [2, 3, 4, 5])])
    const [{ measured, verdict }] = await judge(coverage(), [four])
    expect(measured[0]).toMatch(/coverage@50 .*of mind.*3 seeds each/)
    expect(verdict).toBe('not testable here')
  })
})

describe('a claim about a synthetic world', () => {
  const fresh = claim({ kind: 'seeds', row: 'sparc', than: { bestOf: 'all' }, metric: 'fresh-interests/precision@50' })
  const news = (name: string, level: number, seeds = five) =>
    covering(name, level, seeds).map((row) => ({
      ...row,
      values: { 'fresh-interests/precision@50': row.values?.['coverage@50'] ?? 0 },
    }))

  it('needs one, also where a run has no such row or metric', async () => {
    const real = [await madeUpRun(covering('mind', 0.4)), await madeUpRun(covering('sparc', 0.5))]
    const truth = claim({ kind: 'truth', row: 'sparc' })
    for (const row of await judge([...fresh, ...truth], real)) {
      expect(row.why).toBe('needs a synthetic world, whose interests are known')
    }
    const world = await madeUpRun(covering('mind', 0.4))
    writeFileSync(world.paths.truth, '')
    expect((await judge(fresh, [...real, world]))[0].why).toBe('no run has the row sparc')
  })

  it('is held against what no seed changes on as many seeds as the claimed row has', async () => {
    const run = await madeUpRun([...news('sparc', 0.5), ...news('mind', 0.3), ...news('popularity', 0.4, [1])])
    writeFileSync(run.paths.truth, '')
    const [{ measured, verdict, why }] = await judge(fresh, [run])
    expect(rivalIn(measured)).toEqual(['popularity'])
    expect(measured[0]).toContain('5 against 1 seeds')
    expect(verdict).toBe('reproduced')
    expect(why).not.toMatch(/popularity/)
  })
})

describe('which runs speak', () => {
  const rows = [...covering('sparc', 0.5), ...covering('mind', 0.4)]

  it('are those that are no ablations', async () => {
    const systems = ['mind', { system: 'sparc', change: 'something' }]
    const ablation = await madeUpRun(rows, { systems })
    expect(await judge(coverage(), [ablation])).toMatchObject([
      { measured: [], verdict: 'not testable here', why: 'only ablations' },
    ])
    const [{ measured }] = await judge(coverage(), [ablation, await madeUpRun(rows)])
    expect(measured).toHaveLength(1)
  })

  it('are told apart by their experiment, and their folder where it is named otherwise', async () => {
    const runs = [
      await madeUpRun(rows, { name: 'beauty' }, 'beauty'),
      await madeUpRun(rows, { name: 'longer' }, 'longer'),
      await madeUpRun(rows, { name: 'longer' }, 'again'),
    ]
    const [{ measured }] = await judge(coverage(), runs)
    expect(measured.map((text) => /; (.*?), data/.exec(text)?.[1])).toEqual([
      'beauty: none, by-user',
      'longer: none, by-user',
      'longer in again: none, by-user',
    ])
  })
})
