import { InvalidInputError } from '@sparc/tables'
import { JSDOM } from 'jsdom'
import { describe, expect, test } from 'vitest'
import type { Estimate } from '../metrics/estimate.ts'
import { labelWidth, placeLabels, spread } from './labels.ts'
import type { LeaderboardReport } from './leaderboard.ts'
import { plotAgainstCoverage, plotByHistoryLength, plotByK, plotByPopularity, plotDots, plotLines } from './plots.ts'

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

test('names stay inside where there is no place without an overlap', () => {
  const dots = Array.from({ length: 30 }, (_, at) => ({ x: 190 + (at % 3), y: at % 5, name: 'of-the-top-right' }))
  for (const [at, { dx, dy, anchor }] of placeLabels(dots, 200, 100).entries()) {
    const { x, y, name } = dots[at]
    const left = anchor === 'start' ? x + dx : x + dx - labelWidth([name])
    expect(left).toBeGreaterThanOrEqual(0)
    expect(left + labelWidth([name])).toBeLessThanOrEqual(200)
    expect(y + dy).toBeGreaterThanOrEqual(-1)
    expect(y + dy).toBeLessThanOrEqual(100)
  }
})

/** What a figure draws: where the name of each system stands, and how its line and dots look. */
function drawn(svg: string) {
  const { document } = new JSDOM(svg, { contentType: 'image/svg+xml' }).window
  const root = document.documentElement
  const shift = (element: Element | null): [number, number] => {
    const [, x, y] = element?.getAttribute('transform')?.match(/translate\(([-\d.]+),([-\d.]+)\)/) ?? []
    return [Number(x ?? 0), Number(y ?? 0)]
  }
  const names = [...document.querySelectorAll('[aria-label=text] text')].map((text) => {
    const [group, own] = [shift(text.parentElement), shift(text)]
    const end = text.closest('[text-anchor=end]') !== null
    const [x, y] = [group[0] + own[0], group[1] + own[1]]
    const width = labelWidth([text.textContent ?? ''])
    return { left: end ? x - width : x, right: end ? x : x + width, y }
  })
  const lines = [...document.querySelectorAll('[aria-label=line]')].map(
    (line) => `${line.getAttribute('stroke')} ${line.getAttribute('stroke-dasharray')}`,
  )
  const symbols = [...document.querySelectorAll('[aria-label=dot] > *')].map((dot) => dot.getAttribute('d') ?? 'circle')
  const size = ['width', 'height'].map((name) => Number(root.getAttribute(name)))
  return { names, lines, symbols, width: size[0], height: size[1] }
}

const many = Array.from({ length: 20 }, (_, at) => `a-system-of-the-name-${at}`)

test.each([
  [
    'lines',
    () =>
      plotLines(
        many.flatMap((system, at) => [1, 2].map((x) => ({ system, x, y: x + at / 1000 }))),
        axes,
      ),
  ],
  [
    'dots',
    () =>
      plotDots(
        many.map((system, at) => ({ system, x: 1 - at / 1e5, y: 2 })),
        axes,
      ),
  ],
])('names of many systems are not cut in a figure of %s', async (_, plot) => {
  const { names, width, height } = drawn(await plot())
  expect(names).toHaveLength(many.length)
  for (const { left, right, y } of names) {
    expect(left).toBeGreaterThanOrEqual(0)
    expect(right).toBeLessThanOrEqual(width)
    expect(y).toBeGreaterThan(10)
    expect(y).toBeLessThan(height - 10)
  }
})
const axes = { xLabel: 'x', yLabel: 'y', width: 400, height: 200 }

test('a colour that comes again comes with other dashes and another symbol', async () => {
  const colours = ['#123456', '#654321']
  const five = many.slice(0, 5)
  const points = five.flatMap((system, at) => [1, 2].map((x) => ({ system, x, y: at })))
  const { lines, symbols } = drawn(await plotLines(points, { ...axes, colours }))
  expect(new Set(lines).size).toBe(5)
  expect(lines[0]).toBe('#123456 null')
  expect(new Set(symbols).size).toBe(3)
  const dots = drawn(await plotDots(points.slice(0, 10), { ...axes, colours }))
  expect(new Set(dots.symbols).size).toBe(3)
})

test('a system looks alike in a figure that not all are in', async () => {
  const points = [1, 2].map((x) => ({ system: 'b', x, y: x }))
  const of = async (systems?: string[]) => drawn(await plotLines(points, { ...axes, systems })).lines
  expect(await of(['a', 'b'])).not.toEqual(await of())
  expect(await of(['b', 'a'])).toEqual(await of())
})

test('axes of plotDots and plotLines begin where the values do', async () => {
  const points = [0.9, 0.91].flatMap((x) => ({ system: `${x}`, x, y: 100 + x }))
  for (const svg of [await plotDots(points, axes), await plotLines(points, axes)]) {
    expect(parse(svg).texts).toContain('101')
    expect(parse(svg).texts).not.toContain('0')
  }
  expect(parse(await plotDots([points[0]], axes)).dots).toBe(1)
})
