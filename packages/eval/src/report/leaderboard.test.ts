import { InvalidInputError } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import type { Comparison } from '../significance/compare.ts'
import { type LeaderboardReport, leaderboard } from './leaderboard.ts'

const estimate = (mean: number | null) => ({ mean, low: null, high: null, deviation: null, count: 1 })

function report(recall: number, gini: number | null, tail: number): LeaderboardReport {
  return {
    names: ['recall@50', 'gini@50'],
    better: { 'recall@50': 'higher', 'gini@50': 'lower' },
    metrics: { 'recall@50': estimate(recall), 'gini@50': estimate(gini) },
    slices: { 'long-tail': { cases: 1, metrics: { 'recall@50': estimate(tail) } } },
  }
}

function claim(system: string, metric: string, difference: number, significant: boolean): Comparison {
  const test = { difference, low: 0, high: 0, p: 0, effect: 0, count: 9 }
  return { ...test, system, against: 'ease', metric, relative: null, adjusted: 0, significant }
}

const rows = [
  { name: 'popularity', reports: report(0.0548, 0.99, 0) },
  { name: 'ease', reports: report(0.1595, 0.5, 0.0664) },
  { name: 'sparc, ours', reports: [report(0.16, 0.4, 0.05), report(0.17, 0.6, 0.07)] },
]
const columns = ['recall@50', 'long-tail/recall@50', 'gini@50']
const comparisons = [
  claim('sparc, ours', 'recall@50', 0.01, true),
  claim('popularity', 'recall@50', -0.1, true),
  claim('sparc, ours', 'long-tail/recall@50', 0.1, false),
]

describe('a leaderboard', () => {
  test('as text', () => {
    expect(leaderboard(rows, { columns, comparisons }).text().split('\n')).toEqual([
      '                 recall@50    long-tail/recall@50          gini@50',
      '-----------  ---------------  ---------------------  ---------------',
      'popularity   .0548         ‡        .0000            .9900        +',
      'ease         .1595        +         .0664        *   .5000        *',
      'sparc, ours  .1650 ± .0071*†        .0600 ± .0141+   .5000 ± .1414*',
      '',
      "* best, + second best. † above, ‡ below ease: significant after Holm's correction over 3 comparisons.",
    ])
  })

  test('as Markdown', () => {
    expect(leaderboard(rows, { columns, comparisons }).markdown().split('\n')).toEqual([
      '|  | recall@50 | long-tail/recall@50 | gini@50 |',
      '| --- | ---: | ---: | ---: |',
      '| popularity | .0548‡ | .0000 | <ins>.9900</ins> |',
      '| ease | <ins>.1595</ins> | **.0664** | **.5000** |',
      '| sparc, ours | **.1650 ± .0071**† | <ins>.0600 ± .0141</ins> | **.5000 ± .1414** |',
      '',
      "† above, ‡ below ease: significant after Holm's correction over 3 comparisons.",
    ])
  })

  test('as CSV, with full precision and names quoted where they must be', () => {
    expect(
      leaderboard(rows, { columns: ['recall@50'], comparisons })
        .csv()
        .split('\n'),
    ).toEqual([
      'system,seeds,recall@50,recall@50 deviation,recall@50 significant',
      'popularity,1,0.0548,,below',
      'ease,1,0.1595,,',
      '"sparc, ours",2,0.165,0.007071067811865481,above',
      '',
    ])
  })

  test('as CSV, says how many seeds have a value where not all have, and no verdict in a column that was not tested', () => {
    const some = { name: 'mind', label: 'mind, 1 seed', values: { 'recall@50': [0.1, 0.3], 'gini@50': [null, 0.4] } }
    const board = leaderboard([...rows, some], { columns: ['recall@50', 'gini@50'] })
    const lines = board.csv().split('\n')
    expect(lines[0]).toBe('system,seeds,recall@50,recall@50 deviation,gini@50,gini@50 deviation,gini@50 seeds')
    expect(lines[4]).toBe(`mind,2,0.2,${Math.sqrt(0.02)},0.4,,1`)
    expect(board.text()).toContain('mind, 1 seed')
    expect(board.markdown()).toContain('| mind, 1 seed |')
  })

  test('marks only what is ranked, so that one lucky seed does not stand above a mean', () => {
    const lucky = { name: 'one seed', ranked: false, values: { 'recall@50': 0.2 } }
    const board = leaderboard([...rows, lucky], { columns: ['recall@50'] })
    expect(board.rows.map(({ cells }) => cells[0].place)).toEqual([null, 2, 1, null])
    expect(board.rows[3].cells[0].mean).toBe(0.2)
  })

  test('shares a place among systems that print alike, and knows where lower is better', () => {
    const board = leaderboard(rows, { columns: ['gini@50'] })
    expect(board.rows.map(({ cells }) => cells[0].place)).toEqual([2, 1, 1])
    const coarse = leaderboard(rows, { columns: ['long-tail/recall@50'], digits: 1 })
    expect(coarse.rows.map(({ cells }) => cells[0].place)).toEqual([2, 1, 1])
  })

  test('marks nothing that does not judge, and nothing where all are alike', () => {
    const values = (novelty: number) => ({ 'novelty@50': novelty, 'recall@50': 0.1 })
    const two = [
      { name: 'a', values: values(3) },
      { name: 'b', values: values(5) },
    ]
    const board = leaderboard(two, { better: { 'novelty@50': 'neither' } })
    expect(board.rows.flatMap(({ cells }) => cells.map(({ place }) => place))).toEqual([null, null, null, null])
    expect(board.text()).not.toContain('best')
  })

  test('takes plain numbers, one a seed, and shows what is missing as a dash', () => {
    const board = leaderboard([
      { name: 'a', values: { 'recall@50': [0.1, null, 0.3] } },
      { name: 'b', values: { 'recall@50': null } },
    ])
    expect(board.rows[0].cells[0]).toMatchObject({ mean: 0.2, seeds: 2, deviation: Math.sqrt(0.02) })
    expect(board.markdown()).toContain('| b | - |')
  })

  test('has all metrics of the first report where no columns are asked for, under titles of your own', () => {
    const board = leaderboard(rows, { titles: { 'recall@50': 'R@50' } })
    expect(board.columns.map(({ title }) => title)).toEqual(['R@50', 'gini@50'])
  })

  test('refuses no rows, and a column that nobody has', () => {
    const failures = [() => leaderboard([]), () => leaderboard(rows, { columns: ['recall@51'] })]
    const codes = failures.map((run) => {
      try {
        run()
      } catch (error) {
        return InvalidInputError.isInstance(error) && error.code
      }
      return 'no error'
    })
    expect(codes).toEqual(['NO_ROWS', 'UNKNOWN_COLUMN'])
  })
})
