import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { barY, ruleY } from '@observablehq/plot'
import { coverage, evaluate, historyLength, type LeaderboardReport, popularityGroups, recall } from '@sparc/eval'
import {
  type PlotPoint,
  plotAgainstCoverage,
  plotByHistoryLength,
  plotByK,
  plotByPopularity,
  plotDots,
  plotLines,
} from '@sparc/eval/plots'
import { readEmbeddings, readTable } from '@sparc/tables'
import { rowName } from '../config/schema.ts'
import { folderOf } from '../ledger/scores.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Figure } from './data.ts'
import { html } from './escape.ts'
import { svg } from './plot.ts'
import { meanAndDeviation } from './summary.ts'
import { byName, pointName } from './text.ts'
import { codeCurves, lossCurves, recallCurves, trainingLogs } from './training-curves.ts'

/** Colours that the colour-blind can tell apart, on white and on dark paper (after Okabe and Ito, 2008). */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a63c9', '#888888']

/** All figures of a run look alike, and take paper and ink from the page around them. */
const shared = { width: 520, height: 330, background: 'none', colours: palette }

/** What the figures of `@sparc/eval` are drawn from, made from the lists that the run left. */
async function figureReports(saved: SavedRun): Promise<Record<string, LeaderboardReport[]>> {
  const [items, train, cases] = await Promise.all(
    [saved.paths.items, saved.paths.train, saved.paths.cases].map((path) => readTable(path)),
  )
  const metrics = [...[10, 20, 50, 100].map((k) => recall(k)), coverage(50)]
  const reports: Record<string, LeaderboardReport[]> = {}
  for (const [name, rows] of byName(saved.rows)) {
    reports[name] = []
    for (const row of rows) {
      const lists = await readTable(join(folderOf(saved, row), 'recommendations.arrow'))
      const slices = [popularityGroups(), historyLength()]
      reports[name].push(evaluate(lists, cases, { metrics, items, train, slices, perCase: false }))
    }
  }
  return reports
}

/** Ink of the page instead of black, so that a figure can be read on dark paper; and the name that a screen reader says. */
function inPage({ title, caption, svg }: Figure): Figure {
  const ink = svg.replace(/color:\s*(#222|rgb\(34, 34, 34\))/, 'color: currentColor')
  return { title, caption, svg: ink.replace(/^<svg /, `<svg aria-label="${html(title)}" `) }
}

/** One row of each name: the first of its seeds that was run, which is the experiment's first where that was. */
function firstSeeds({ rows }: SavedRun): RowResult[] {
  return [...byName(rows).values()].map(([first]) => first)
}

function against(saved: SavedRun, key: string): PlotPoint[] {
  return [...byName(saved.rows)].flatMap(([system, rows]) => {
    const value = (metric: string) => meanAndDeviation(rows.map((row) => row.metrics.filtered[metric])).mean
    const [x, y] = [value(key), value('recall@50')]
    return x === null || y === null ? [] : [{ system, x, y }]
  })
}

/** Items per code of each level, most used first. */
async function usage(saved: SavedRun, row: RowResult): Promise<{ level: string; rank: number; items: number }[]> {
  const path = join(folderOf(saved, row), 'embeddings.arrow')
  const codes = existsSync(path) ? readEmbeddings(await readTable(path)).codes : undefined
  if (codes === undefined) return []
  return Array.from({ length: codes.levels }, (_, level) => {
    const counts = new Map<number, number>()
    for (let at = level; at < codes.data.length; at += codes.levels) {
      counts.set(codes.data[at], (counts.get(codes.data[at]) ?? 0) + 1)
    }
    const sorted = [...counts.values()].sort((a, b) => b - a)
    return sorted.map((items, i) => ({ level: `level ${level + 1}`, rank: i + 1, items }))
  }).flat()
}

function usageFigure(data: { level: string; rank: number; items: number }[]): string {
  return svg({
    height: 360,
    marginRight: 60,
    x: { label: 'codes, most used first', ticks: [] },
    y: { label: 'items', grid: true },
    fy: { label: null },
    marks: [
      barY(data, { x: 'rank', y: 'items', fy: 'level', z: null, fill: 'currentColor', fillOpacity: 0.7 }),
      ruleY([0]),
    ],
  })
}

function indexFigure(row: RowResult): Promise<string> {
  const points = (row.index ?? []).map((point) => ({
    system: pointName(point),
    x: point.microsecondsPerQuery,
    y: point.recallOfExact,
  }))
  return plotDots(points, { ...shared, xLabel: 'microseconds a query', yLabel: 'share of the exact top 50' })
}

const coOccurrence = 'Mean over pairs in a list of 50 of 1 - their cosine by training co-occurrence.'

/** The figures of a run; those that it has no data for are left out. */
export async function figures(saved: SavedRun): Promise<Figure[]> {
  const made: Figure[] = []
  const systems = [...byName(saved.rows).keys()]
  const add = async (
    title: string,
    caption: string,
    data: readonly unknown[],
    draw: () => string | Promise<string>,
  ): Promise<void> => {
    if (data.length > 0) made.push({ title, caption, svg: await draw() })
  }
  const reports = await figureReports(saved)
  made.push(
    {
      title: 'Accuracy against coverage',
      caption: 'Recall@50 and the share of the catalogue in anybody\u2019s first 50, with 95 % intervals over users.',
      svg: await plotAgainstCoverage(reports, shared),
    },
    {
      title: 'Recall by popularity',
      caption: 'Recall@50 of the targets in each tenth of the catalogue by training popularity; 1 is the most popular.',
      svg: await plotByPopularity(reports, shared),
    },
    {
      title: 'Recall by history',
      caption: 'Recall@50 by how many interactions are known of the user.',
      svg: await plotByHistoryLength(reports, shared),
    },
    {
      title: 'Recall by length of the list',
      caption: 'Recall@K at every K.',
      svg: await plotByK(reports, shared),
    },
  )
  const byCategory = against(saved, 'leafDiversity@50')
  const diversity = byCategory.length > 0 ? byCategory : against(saved, 'coOccurrenceDiversity@50')
  const what = byCategory.length > 0 ? 'Share of pairs in a list of 50 whose leaf categories differ.' : coOccurrence
  await add('Accuracy against diversity', what, diversity, () =>
    plotDots(diversity, { ...shared, systems, xLabel: 'diversity@50', yLabel: 'recall@50' }),
  )
  const firsts = firstSeeds(saved)
  const logs = await trainingLogs(saved, firsts)
  const curve = recallCurves(logs)
  await add('Training', 'Recall@50 on the validation users while training; the best state is kept.', curve, () =>
    plotLines(curve, { ...shared, systems, xLabel: 'step', yLabel: 'validation recall@50' }),
  )
  const losses = lossCurves(logs)
  const incomparable =
    'Mean of the steps since the validation before; each system has a loss of its own, so only its course says something.'
  await add('Training loss', incomparable, losses, () =>
    plotLines(losses, { ...shared, systems, xLabel: 'step', yLabel: 'training loss' }),
  )
  const changed = new Set(saved.run.experiment.systems.filter(({ change }) => change !== undefined).map(rowName))
  for (const row of firsts) {
    const several = row.codebook?.levels.some(({ size }) => size > 1)
    if (several && !changed.has(row.name)) {
      const used = await usage(saved, row)
      await add(`Codebook usage, ${row.name}`, 'Items per code of each level.', used, () => usageFigure(used))
      const log = logs.get(row.name)
      const codes = log === undefined ? [] : codeCurves(log)
      const spread = 'Perplexity of each level while training: over how many codes the items are spread.'
      await add(`Codebook in training, ${row.name}`, spread, codes, () =>
        plotLines(codes, { ...shared, xLabel: 'step', yLabel: 'perplexity' }),
      )
    }
    await add(
      `Index, ${row.name}`,
      'What the shards find of the exact answer, and how long a query takes (search alone, one batch).',
      row.index ?? [],
      () => indexFigure(row),
    )
  }
  return made.map(inPage)
}
