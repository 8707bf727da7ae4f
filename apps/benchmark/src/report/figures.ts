import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { axisX, axisY, barY, dot, gridX, gridY, line, ruleY, text } from '@observablehq/plot'
import { coverage, evaluate, historyLength, type LeaderboardReport, popularityGroups, recall } from '@sparc/eval'
import { plotAgainstCoverage, plotByHistoryLength, plotByK, plotByPopularity } from '@sparc/eval/plots'
import { readEmbeddings, readTable } from '@sparc/tables'
import { rowName } from '../config/schema.ts'
import { folderOf } from '../ledger/scores.ts'
import { readJson } from '../run-folder/json.ts'
import type { RowResult, TrainingLog } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Figure } from './data.ts'
import { svg } from './plot.ts'
import { spread } from './spread.ts'
import { meanAndDeviation } from './summary.ts'
import { byName, pointName } from './text.ts'

interface Point {
  name: string
  x: number
  y: number
}

/** Colours that the colour-blind can tell apart, on white and on dark paper (after Okabe and Ito, 2008). */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a63c9', '#888888']

/** A system has the same colour in every figure. */
function colours(names: string[]) {
  return { domain: names, range: names.map((_, i) => palette[i % palette.length]) }
}

/** Pixels between the feet of two labels. */
const LABEL = 11
/** Height of the plot inside of its margins. */
const INNER = 270

/** Names beside their points, moved apart where they would lie upon each other. */
function labels(points: readonly Point[], all: readonly number[]) {
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const wanted = points.map(({ y }) => (high > low ? ((high - y) / (high - low)) * INNER : 0))
  const places = spread(wanted, LABEL)
  return points.map((point, i) =>
    text([point], {
      x: 'x',
      y: 'y',
      text: 'name',
      fill: 'name',
      textAnchor: 'start',
      dx: 8,
      dy: places[i] - wanted[i],
    }),
  )
}

/** One line for each system, named at its end; colours alone never carry the meaning. */
function curves<T>(
  data: T[],
  x: keyof T & string,
  y: keyof T & string,
  name: keyof T & string,
  axes: [string, string],
  names: string[],
): string {
  return svg({
    marginRight: 110,
    x: { label: axes[0] },
    y: { label: axes[1] },
    color: colours(names),
    marks: [
      gridY({ strokeOpacity: 0.15 }),
      line(data, { x, y, z: name, stroke: name, strokeWidth: 1.8 }),
      dot(data, { x, y, fill: name, r: 2 }),
      ...labels(
        lastOf(data, name).map((each) => ({ name: String(each[name]), x: Number(each[x]), y: Number(each[y]) })),
        data.map((each) => Number(each[y])),
      ),
    ],
  })
}

function lastOf<T>(data: T[], name: keyof T): T[] {
  return [...new Map(data.map((each) => [each[name], each])).values()]
}

function scatter(points: Point[], axes: [string, string], names: string[]): string {
  return svg({
    marginRight: 90,
    x: { label: axes[0], nice: true },
    y: { label: axes[1], nice: true },
    color: colours(names),
    marks: [
      gridX({ strokeOpacity: 0.15 }),
      gridY({ strokeOpacity: 0.15 }),
      axisX(),
      axisY(),
      dot(points, { x: 'x', y: 'y', fill: 'name', r: 5 }),
      ...labels(
        points,
        points.map(({ y }) => y),
      ),
    ],
  })
}

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

/** Ink of the page instead of black, so that a figure can be read on dark paper. */
function inPage(figure: string): string {
  return figure.replace(/color:\s*(#222|rgb\(34, 34, 34\))/, 'color: currentColor')
}

function against(saved: SavedRun, key: string): Point[] {
  return [...byName(saved.rows)].flatMap(([name, rows]) => {
    const value = (metric: string) => meanAndDeviation(rows.map((row) => row.metrics.filtered[metric])).mean
    const [x, y] = [value(key), value('recall@50')]
    return x === null || y === null ? [] : [{ name, x, y }]
  })
}

async function training(saved: SavedRun): Promise<{ name: string; step: number; recall: number }[]> {
  const rows = saved.rows.filter((row) => row.kind === 'exact' && row.seed === saved.run.experiment.seeds[0])
  const all = await Promise.all(
    rows.map(async (row) => {
      const log = await readJson<TrainingLog>(join(folderOf(saved, row), 'training.json'))
      return (log?.validation ?? []).map(({ step, recall }) => ({ name: row.name, step, recall }))
    }),
  )
  return all.flat()
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
    x: { label: 'codes, most used first', axis: null },
    y: { label: 'items', grid: true },
    fy: { label: null },
    marks: [
      barY(data, { x: 'rank', y: 'items', fy: 'level', z: null, fill: 'currentColor', fillOpacity: 0.7 }),
      ruleY([0]),
    ],
  })
}

function indexFigure(row: RowResult): string {
  const points = (row.index ?? []).map((point) => ({
    name: pointName(point),
    x: point.microsecondsPerQuery,
    y: point.recallOfExact,
  }))
  return scatter(
    points,
    ['microseconds a query', 'share of the exact top 50'],
    points.map(({ name }) => name),
  )
}

const coOccurrence = 'Mean over pairs in a list of 50 of 1 - their cosine by training co-occurrence.'

/** The figures of a run; those that it has no data for are left out. */
export async function figures(saved: SavedRun): Promise<Figure[]> {
  const made: Figure[] = []
  const names = [...byName(saved.rows).keys()]
  const add = (title: string, caption: string, data: readonly unknown[], draw: () => string) => {
    if (data.length > 0) made.push({ title, caption, svg: draw() })
  }
  const reports = await figureReports(saved)
  const shared = { width: 520, height: 330, background: 'none', colours: palette }
  made.push(
    {
      title: 'Accuracy against coverage',
      caption: 'Recall@50 and the share of the catalogue in anybody\u2019s first 50, with 95 % intervals over users.',
      svg: inPage(await plotAgainstCoverage(reports, shared)),
    },
    {
      title: 'Recall by popularity',
      caption: 'Recall@50 of the targets in each tenth of the catalogue by training popularity; 1 is the most popular.',
      svg: inPage(await plotByPopularity(reports, shared)),
    },
    {
      title: 'Recall by history',
      caption: 'Recall@50 by how many interactions are known of the user.',
      svg: inPage(await plotByHistoryLength(reports, shared)),
    },
    {
      title: 'Recall by length of the list',
      caption: 'Recall@K at every K.',
      svg: inPage(await plotByK(reports, shared)),
    },
  )
  const byCategory = against(saved, 'leafDiversity@50')
  const diversity = byCategory.length > 0 ? byCategory : against(saved, 'coOccurrenceDiversity@50')
  const what = byCategory.length > 0 ? 'Share of pairs in a list of 50 whose leaf categories differ.' : coOccurrence
  add('Accuracy against diversity', what, diversity, () => scatter(diversity, ['diversity@50', 'Recall@50'], names))
  const curve = await training(saved)
  add('Training', 'Recall@50 on the validation users while training; the best state is kept.', curve, () =>
    curves(curve, 'step', 'recall', 'name', ['step', 'validation Recall@50'], names),
  )
  const changed = new Set(saved.run.experiment.systems.filter(({ change }) => change !== undefined).map(rowName))
  for (const row of saved.rows) {
    if (row.seed !== saved.run.experiment.seeds[0]) continue
    if (row.codebook !== undefined && !changed.has(row.name)) {
      const used = await usage(saved, row)
      add(`Codebook usage, ${row.name}`, 'Items per code of each level.', used, () => usageFigure(used))
    }
    add(
      `Index, ${row.name}`,
      'What the shards find of the exact answer, and how long a query takes (search alone, one batch).',
      row.index ?? [],
      () => indexFigure(row),
    )
  }
  return made
}
