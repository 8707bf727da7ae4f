import { writeFile } from 'node:fs/promises'
import { InvalidInputError } from '@sparc/tables'
import { readEvaluation } from '../files/read-evaluation.ts'
import { parseMetric } from '../metrics/all-metrics.ts'
import { dropSeen } from '../metrics/drop-seen.ts'
import { evaluate } from '../metrics/evaluate.ts'
import type { Report } from '../metrics/report.ts'
import { leaderboard } from '../report/leaderboard.ts'
import { type Comparison, compare } from '../significance/compare.ts'
import { list, parseColumns, parseSlices, parseSystems, type SystemFiles } from './options.ts'
import { writeFigures } from './write-figures.ts'

/** The command line's options, as commander gives them. */
export interface CliOptions {
  train?: string
  history?: string
  items?: string
  columns: string
  metrics: string
  slices: string
  against?: string
  test: 'bootstrap' | 't'
  resamples: number
  seed: number
  dropSeen: boolean
  duplicates: 'error' | 'dedupe'
  unsorted: 'error' | 'sort' | 'keep'
  outside: 'error' | 'miss'
  format: 'text' | 'markdown' | 'csv' | 'json'
  perCase?: string
  figures?: string
}

/** Evaluates the files and returns what is to be printed, and what is to be said beside it. */
export async function runEvaluation(
  targets: string,
  given: string[],
  options: CliOptions,
): Promise<{ output: string; notes: string[] }> {
  const systems = parseSystems(given)
  const { train, history, items, outside, duplicates, unsorted } = options
  const metrics = list(options.metrics).map(parseMetric)
  const slices = parseSlices(options.slices)
  const columns = parseColumns(options.columns)
  const files = Object.fromEntries(systems.flatMap((system) => system.files.map((file) => [file, file])))
  const input = await readEvaluation({ targets, recommendations: files, train, history, items, columns, outside })
  const reports = new Map<string, Report[]>()
  const notes: string[] = []
  for (const system of systems) {
    const seeds = system.files.map((file) => {
      const found = input.recommendations[file]
      const lists = options.dropSeen ? dropSeen(found, input.cases) : found
      const settings = { metrics, slices, duplicates, unsorted, outside, items: input.items, train: input.train }
      const report = evaluate(lists, input.cases, settings)
      notes.push(...report.notes.map((note) => `${file}: ${note}`))
      return report
    })
    reports.set(system.name, seeds)
  }
  if (!items) notes.push(`No items file: the ${input.items.numRows} items of the files are the catalogue.`)
  const claims = claimsOf(reports, systems, options)
  if (options.perCase) await writePerCase(options.perCase, reports)
  if (options.figures) {
    const paths = await writeFigures(options.figures, reports)
    notes.push(
      paths.length > 0
        ? `Drawn: ${paths.join(', ')}.`
        : 'Nothing to draw: a figure wants metrics at several K, coverage, or slices.',
    )
  }
  return { output: print(reports, claims, options.format), notes }
}

function claimsOf(reports: Map<string, Report[]>, systems: SystemFiles[], options: CliOptions): Comparison[] {
  const { against, test, resamples, seed } = options
  if (against === undefined) return []
  if (systems.length < 2) {
    throw new InvalidInputError('NOTHING_TO_COMPARE', {
      what: '--against compares systems, and there is one only',
      given: systems.map(({ name }) => name).join(', '),
      next: 'Pass the recommendations of another system too',
    })
  }
  const [first] = [...reports.values()].flat()
  const metrics = columnsOf(first).filter((column) => {
    const metric = column.slice(column.lastIndexOf('/') + 1)
    return first.perCase?.getChild(metric) !== null
  })
  return compare(Object.fromEntries(reports), { against, metrics, method: test, resamples, seed })
}

/** All metrics, then those of each slice that anybody is in. */
function columnsOf(report: Report): string[] {
  const inSlices = Object.entries(report.slices).flatMap(([slice, { cases, metrics }]) =>
    cases === 0
      ? []
      : Object.entries(metrics)
          .filter(([, { count }]) => count > 0)
          .map(([name]) => `${slice}/${name}`),
  )
  return [...report.names, ...inSlices]
}

function print(reports: Map<string, Report[]>, comparisons: Comparison[], format: CliOptions['format']): string {
  if (format === 'json') {
    const systems = [...reports].map(([name, seeds]) => ({ name, seeds: seeds.map(({ perCase: _, ...rest }) => rest) }))
    return `${JSON.stringify({ systems, comparisons }, null, 2)}\n`
  }
  const rows = [...reports].map(([name, seeds]) => ({ name, reports: seeds }))
  const [first] = rows[0].reports
  const all = columnsOf(first)
  if (format === 'csv') return leaderboard(rows, { columns: all, comparisons }).csv()
  const sections = ['', ...Object.keys(first.slices)].map((slice) => ({
    heading: slice === '' ? 'all cases' : slice,
    cases: slice === '' ? first.input.cases - first.input.withoutTargets : first.slices[slice].cases,
    columns: all.filter((column) => column.slice(0, Math.max(0, column.lastIndexOf('/'))) === slice),
  }))
  const shown = sections.filter(({ columns }) => columns.length > 0)
  const tables = shown.map(({ heading, cases, columns }, at) => {
    const titles = Object.fromEntries(columns.map((column) => [column, column.slice(column.lastIndexOf('/') + 1)]))
    const board = leaderboard(rows, { columns, titles, comparisons, caption: at === shown.length - 1 })
    const line = `${heading} (${cases})`
    return `${format === 'text' ? line : `### ${line}`}\n\n${format === 'text' ? board.text() : board.markdown()}`
  })
  return `${tables.join('\n\n')}\n`
}

/** One CSV line for each case, system and seed. */
async function writePerCase(path: string, reports: Map<string, Report[]>): Promise<void> {
  const quote = (value: unknown) => {
    const text = value === null || value === undefined ? '' : String(value)
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const lines: string[] = []
  for (const [system, seeds] of reports) {
    for (const [seed, { perCase }] of seeds.entries()) {
      if (!perCase) continue
      const columns = perCase.schema.fields.map(({ name }) => name)
      if (lines.length === 0) lines.push(['system', 'seed', ...columns].map(quote).join(','))
      for (let row = 0; row < perCase.numRows; row++) {
        lines.push([system, seed, ...columns.map((name) => perCase.getChild(name)?.get(row))].map(quote).join(','))
      }
    }
  }
  await writeFile(path, `${lines.join('\n')}\n`)
}
