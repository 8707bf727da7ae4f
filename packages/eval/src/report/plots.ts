import type { Estimate } from '../metrics/estimate.ts'
import { mean } from '../significance/paired-scores.ts'
import { drawDots } from './draw-dots.ts'
import { drawLines } from './draw-lines.ts'
import { type Axes, type FigureOptions, type FigurePoint, figureOptions } from './figure.ts'
import type { LeaderboardReport } from './leaderboard.ts'

export type { FigureOptions } from './figure.ts'

/** Reports by the name of their system; several are its seeds. Reports read back from JSON will do. */
export type PlotSystems = Record<string, LeaderboardReport | LeaderboardReport[]>

/**
 * Accuracy against catalogue coverage, a dot a system: what popularity buys and what it costs.
 *
 * ```ts
 * await writeFile('coverage.svg', await plotAgainstCoverage({ ease, sparc: [seed1, seed2] }, { metric: 'recall@50' }))
 * ```
 * @returns a standalone SVG
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotAgainstCoverage(
  systems: PlotSystems,
  {
    metric = 'recall@50',
    coverage = 'coverage@50',
    ...figure
  }: { metric?: string; coverage?: string } & FigureOptions = {},
): Promise<string> {
  const points = Object.entries(systems).flatMap(([system, reports]) => {
    const x = pooled([reports].flat().map((report) => report.metrics[coverage]))
    const y = pooled([reports].flat().map((report) => report.metrics[metric]))
    return x && y ? [{ system, x: x.y, ...y }] : []
  })
  const axes = { xLabel: `share of the catalogue shown, ${coverage}`, yLabel: metric, x: 'linear' } as const
  return drawDots(points, axes, figureOptions(figure, 'options of plotAgainstCoverage'))
}

/**
 * A metric by the popularity of the targets: wants the slices of `popularityGroups()`.
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotByPopularity(
  systems: PlotSystems,
  { metric = 'recall@50', ...figure }: { metric?: string } & FigureOptions = {},
): Promise<string> {
  const xLabel = 'popularity of the targets (tenths of the catalogue, most popular first)'
  const points = slicePoints(systems, 'popularity:', metric)
  return drawLines(points, { xLabel, yLabel: metric, x: 'band' }, figureOptions(figure, 'options of plotByPopularity'))
}

/**
 * A metric by how much is known of a user: wants the slices of `historyLength()`.
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotByHistoryLength(
  systems: PlotSystems,
  { metric = 'recall@50', ...figure }: { metric?: string } & FigureOptions = {},
): Promise<string> {
  const points = slicePoints(systems, 'history:', metric)
  const axes = { xLabel: 'interactions known of the user', yLabel: metric, x: 'band' } as const
  return drawLines(points, axes, figureOptions(figure, 'options of plotByHistoryLength'))
}

/**
 * A metric at every K that the reports have it at.
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotByK(
  systems: PlotSystems,
  { metric = 'recall', ...figure }: { metric?: string } & FigureOptions = {},
): Promise<string> {
  const points = Object.entries(systems).flatMap(([system, given]) => {
    const reports = [given].flat()
    const ks = reports[0].names
      .filter((name) => name.startsWith(`${metric}@`))
      .map((name) => Number(name.slice(metric.length + 1)))
      .sort((a, b) => a - b)
    return ks.flatMap((k) => {
      const y = pooled(reports.map((report) => report.metrics[`${metric}@${k}`]))
      return y ? [{ system, x: k, ...y }] : []
    })
  })
  return drawLines(
    points,
    { xLabel: 'K', yLabel: `${metric}@K`, x: 'log' },
    figureOptions(figure, 'options of plotByK'),
  )
}

/** A point of a figure of one's own. */
export interface PlotPoint {
  system: string
  x: number
  y: number
}

/** What the axes of a figure of one's own say, and how it looks. */
export interface PlotAxes extends FigureOptions {
  xLabel: string
  yLabel: string
  /** All systems in the order of their colours, so that a system looks alike in figures that not all of them are in. */
  systems?: readonly string[]
}

/**
 * Any two numbers of each system, a dot a system. Axes begin where the values do.
 *
 * ```ts
 * await plotDots([{ system: 'sparc', x: 0.9, y: 0.197 }], { xLabel: 'diversity@50', yLabel: 'recall@50' })
 * ```
 * @returns a standalone SVG
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotDots(points: readonly PlotPoint[], options: PlotAxes): Promise<string> {
  return drawDots(points.map(bare), axesOf(options), figureOptions(options, 'options of plotDots'))
}

/**
 * Any number of each system along another, as recall along training steps: a line a system. The y axis begins where the values do.
 *
 * ```ts
 * const points = [{ system: 'sparc', x: 100, y: 0.15 }, { system: 'sparc', x: 200, y: 0.19 }]
 * await plotLines(points, { xLabel: 'step', yLabel: 'recall@50' })
 * ```
 * @returns a standalone SVG
 * @throws MissingPeerError MISSING_PLOT_PEERS; InvalidInputError NOTHING_TO_DRAW
 */
export async function plotLines(points: readonly PlotPoint[], options: PlotAxes): Promise<string> {
  return drawLines(points.map(bare), axesOf(options), figureOptions(options, 'options of plotLines'))
}

function bare(point: PlotPoint): FigurePoint {
  return { ...point, low: null, high: null }
}

function axesOf({ xLabel, yLabel, systems }: PlotAxes): Axes {
  return { xLabel, yLabel, x: 'linear', zero: false, systems }
}

/** The mean over seeds; the interval is the mean of the seeds' intervals, null where one has none. */
function pooled(estimates: (Estimate | undefined)[]): Pick<FigurePoint, 'y' | 'low' | 'high'> | undefined {
  const of = (end: 'mean' | 'low' | 'high') => {
    const values = estimates.map((estimate) => estimate?.[end] ?? null).filter((value) => value !== null)
    return values.length === estimates.length ? mean(values) : null
  }
  const y = of('mean')
  return y === null ? undefined : { y, low: of('low'), high: of('high') }
}

function slicePoints(systems: PlotSystems, prefix: string, metric: string): FigurePoint[] {
  return Object.entries(systems).flatMap(([system, given]) => {
    const reports = [given].flat()
    const names = Object.keys(reports[0].slices).filter((name) => name.startsWith(prefix))
    return names.flatMap((name) => {
      const y = pooled(reports.map((report) => report.slices[name]?.metrics[metric]))
      return y ? [{ system, x: name.slice(prefix.length), ...y }] : []
    })
  })
}
