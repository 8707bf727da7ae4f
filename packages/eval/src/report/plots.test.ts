import { InvalidInputError } from '@sparc/tables'
import { JSDOM } from 'jsdom'
import { describe, expect, test } from 'vitest'
import type { Estimate } from '../metrics/estimate.ts'
import { placeLabels, spread } from './labels.ts'
import type { LeaderboardReport } from './leaderboard.ts'
import { plotAgainstCoverage, plotByHistoryLength, plotByK, plotByPopularity } from './plots.ts'

const estimate = (mean: number | null): Estimate => ({
  mean,
  low: mean === null ? null : mean - 0.01,
  high: mean === null ? null : mean + 0.01,
  deviation: 0.1,
  count: 9,
})

function report(level: number): LeaderboardReport {
  const slice = (value: number) => ({ cases: 9, metrics: { 'recall@50': estimate(value) } })
  return {
    names: ['recall@10', 'recall@50', 'coverage@50'],
    better: {},
    metrics: { 'recall@50': estimate(level), 'recall@10': estimate(level / 2), 'coverage@50': estimate(0.4) },
    slices: {
      'popularity:1': slice(level),
      'popularity:2': slice(level / 3),
      'history:0-4': slice(level),
      'history:5+': slice(2 * level),
    },
  }
}

const systems = { ease: report(0.16), 'sparc <ours>': [report(0.17), report(0.19)] }

function parse(svg: string) {
  const { document } = new JSDOM(svg, { contentType: 'image/svg+xml' }).window
  return {
    texts: [...document.querySelectorAll('text')].map((text) => text.textContent),
    dots: document.querySelectorAll('[aria-label=dot] circle').length,
    lines: document.querySelectorAll('[aria-label=line] path').length,
  }
}

describe('figures are standalone SVG with the name of every system', () => {
  test.each([
    ['by K', plotByK, { dots: 4, lines: 2 }, ['10', '50', 'recall@K']],
    ['by popularity', plotByPopularity, { dots: 4, lines: 2 }, ['1', '2', 'recall@50']],
    ['by history length', plotByHistoryLength, { dots: 4, lines: 2 }, ['0-4', '5+']],
    ['against coverage', plotAgainstCoverage, { dots: 2, lines: 0 }, ['recall@50']],
  ] as const)('%s', async (_, plot, counts, labels) => {
    const found = parse(await plot(systems, { title: 'Beauty & more' }))
    expect(found).toMatchObject(counts)
    expect(found.texts).toEqual(expect.arrayContaining(['ease', 'sparc <ours>', 'Beauty & more', ...labels]))
  })
})

test('the same input draws the same figure', async () => {
  expect(await plotByK(systems)).toBe(await plotByK(systems))
})

test('colours and paper can be chosen', async () => {
  const svg = await plotByK(systems, { colours: ['#123456'], background: 'none' })
  expect(svg).toContain('#123456')
  expect(svg).not.toContain('<rect')
})

test('a figure of nothing, and options that are none, are errors', async () => {
  const empty = { ease: { ...report(0.1), slices: {} } }
  await expect(plotByPopularity(empty)).rejects.toSatisfy(
    (error) => InvalidInputError.isInstance(error) && error.code === 'NOTHING_TO_DRAW',
  )
  await expect(plotByK(systems, { width: 3 })).rejects.toSatisfy((error) => InvalidInputError.isInstance(error))
})

test('labels at the ends of lines are moved apart, in their order and inside of the figure', () => {
  expect(spread([0.5, 0.1, 0.52], 0.1, 1)).toEqual([0.5, 0.1, 0.6])
  const crowded = spread([0.99, 0.98, 1], 0.1, 1)
  expect(crowded[1]).toBeCloseTo(0.8, 12)
  expect(crowded[0]).toBeCloseTo(0.9, 12)
  expect(crowded[2]).toBe(1)
})

test('names beside dots stay inside and off each other', () => {
  const dots = [
    { x: 95, y: 50, name: 'right edge' },
    { x: 95, y: 52, name: 'same place' },
    { x: 5, y: 50, name: 'left' },
  ]
  const places = placeLabels(dots, 100)
  expect(places[0].anchor).toBe('end')
  expect(places[1].dy).not.toBe(places[0].dy)
  expect(places[2].anchor).toBe('start')
})
