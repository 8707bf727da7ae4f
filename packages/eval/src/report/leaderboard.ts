import { InvalidInputError, parseOptions } from '@sparc/tables'
import { z } from 'zod'
import type { Report } from '../metrics/report.ts'
import type { Comparison } from '../significance/compare.ts'
import { meanAndDeviation, readCell } from './cell-values.ts'
import { leaderboardCsv, leaderboardMarkdown, leaderboardText } from './leaderboard-formats.ts'

/** A system: its report (one a seed), or its numbers by column (an array: one a seed). */
export type LeaderboardRow = {
  name: string
  /** What text and Markdown show for it, its name by default; CSV has the name. */
  label?: string
  /** Whether it may be marked best, `true` by default: one lucky seed should not stand above the mean of several. */
  ranked?: boolean
} & (
  | { reports: LeaderboardReport | LeaderboardReport[] }
  | { values: Record<string, number | null | (number | null)[]> }
)

/** What a leaderboard needs of a report: also one that was read back from JSON. */
export type LeaderboardReport = Pick<Report, 'names' | 'better' | 'metrics' | 'slices'>

/** What to show. */
export interface LeaderboardOptions {
  /** `recall@50`, or `long-tail/recall@50` for a slice; all metrics of the first report by default. */
  columns?: string[]
  /** Headings by column, where the column's own name will not do. */
  titles?: Record<string, string>
  /** Which way is better, where reports do not say: 'higher' by default. */
  better?: Record<string, 'higher' | 'lower' | 'neither'>
  /** What `compare` found: significant differences get a dagger. */
  comparisons?: Comparison[]
  /** Digits behind the point, 4 by default. */
  digits?: number
  /** Whether text and Markdown say below the table what the marks mean, `true` by default. */
  caption?: boolean
}

export interface LeaderboardCell {
  /** Mean over seeds; null where there is no value. */
  mean: number | null
  /** Standard deviation over seeds; null with fewer than two. */
  deviation: number | null
  seeds: number
  /** 1: best of its column, 2: second best; systems that print alike share a place. Null for all others. */
  place: 1 | 2 | null
  /** Whether it differs significantly from the system that comparisons are against: above, below, or null. */
  significant: 'above' | 'below' | null
}

/** A leaderboard as data, and as what it prints. */
export interface Leaderboard {
  columns: {
    name: string
    title: string
    better: 'higher' | 'lower' | 'neither'
    /** Whether a comparison was made in it. */
    tested: boolean
  }[]
  rows: { name: string; label: string; seeds: number; cells: LeaderboardCell[] }[]
  digits: number
  /** Whether text says what its marks mean. */
  legend: boolean
  /** What the daggers mean; empty without comparisons, or where not wanted. */
  caption: string
  /** Fixed-width text: `*` is best, `+` second best. */
  text(): string
  /** Markdown: bold is best, underlined (`<ins>`) second best. */
  markdown(): string
  /**
   * CSV without marks: name and number of seeds of each system, then of each column its mean and deviation over seeds; with
   * `COLUMN seeds` where not every seed has a value, and `COLUMN significant` where systems were compared by it.
   */
  csv(): string
}

const schema = z.strictObject({
  columns: z.array(z.string()).min(1).optional(),
  titles: z.record(z.string(), z.string()).default({}),
  better: z.record(z.string(), z.enum(['higher', 'lower', 'neither'])).default({}),
  comparisons: z.array(z.custom<Comparison>()).default([]),
  digits: z.int().min(0).max(12).default(4),
  caption: z.boolean().default(true),
})

/**
 * A table of systems against metrics: best and second best marked, daggers where a difference is significant, and
 * `mean ± standard deviation` over seeds.
 *
 * ```ts
 * const board = leaderboard([{ name: 'ease', reports: ease }, { name: 'sparc', reports: [seed1, seed2] }])
 * board.markdown()
 * ```
 * @throws InvalidInputError NO_ROWS, UNKNOWN_COLUMN
 */
export function leaderboard(rows: LeaderboardRow[], options: LeaderboardOptions = {}): Leaderboard {
  const { columns, titles, better, comparisons, digits, caption } = parseOptions(
    schema,
    options,
    'options of leaderboard',
  )
  const names = columns ?? columnsOf(rows)
  const board = {
    digits,
    legend: caption,
    columns: names.map((name) => ({
      name,
      title: titles[name] ?? name,
      better: better[name] ?? direction(rows, name),
      tested: comparisons.some(({ metric }) => metric === name),
    })),
    rows: rows.map((row) => {
      const values = names.map((column) => readCell(row, column))
      return {
        name: row.name,
        label: row.label ?? row.name,
        seeds: Math.max(...values.map((cell) => cell.length)),
        cells: names.map((column, at): LeaderboardCell => {
          const significant = verdict(comparisons, row.name, column)
          return { ...meanAndDeviation(values[at]), place: null, significant }
        }),
      }
    }),
    caption: caption ? captionOf(comparisons) : '',
  }
  for (const [at, column] of board.columns.entries()) {
    if (!board.rows.some((row) => row.cells[at].mean !== null)) throw unknownColumn(column.name, columnsOf(rows))
    markPlaces(
      board.rows.filter((_, r) => rows[r].ranked !== false).map((row) => row.cells[at]),
      column.better,
      digits,
    )
  }
  return {
    ...board,
    text: () => leaderboardText(board),
    markdown: () => leaderboardMarkdown(board),
    csv: () => leaderboardCsv(board),
  }
}

function columnsOf(rows: LeaderboardRow[]): string[] {
  const [first] = rows
  if (!first) {
    throw new InvalidInputError('NO_ROWS', {
      what: 'A leaderboard of no systems',
      given: '[]',
      next: 'Pass at least one row of { name, reports }',
    })
  }
  if ('values' in first) return Object.keys(first.values)
  const report = Array.isArray(first.reports) ? first.reports[0] : first.reports
  return report.names
}

function direction(rows: LeaderboardRow[], column: string): 'higher' | 'lower' | 'neither' {
  const metric = column.slice(column.lastIndexOf('/') + 1)
  for (const row of rows) {
    if ('values' in row) continue
    for (const report of [row.reports].flat()) if (report.better[metric]) return report.better[metric]
  }
  return 'higher'
}

/** Places by what is printed, so that two equal numbers on paper are never told apart. */
function markPlaces(cells: LeaderboardCell[], better: 'higher' | 'lower' | 'neither', digits: number): void {
  if (better === 'neither' || cells.length < 2) return
  const sign = better === 'higher' ? -1 : 1
  const printed = ({ mean }: LeaderboardCell) => (mean === null ? Number.NaN : Number(mean.toFixed(digits)))
  const values = [...new Set(cells.map(printed).filter((value) => !Number.isNaN(value)))].sort((a, b) => sign * (a - b))
  if (values.length < 2) return
  for (const cell of cells) {
    if (printed(cell) === values[0]) cell.place = 1
    else if (printed(cell) === values[1]) cell.place = 2
  }
}

function verdict(comparisons: Comparison[], system: string, metric: string): 'above' | 'below' | null {
  const claim = comparisons.find((other) => other.system === system && other.metric === metric)
  if (!claim?.significant) return null
  return claim.difference > 0 ? 'above' : 'below'
}

function captionOf(comparisons: Comparison[]): string {
  if (comparisons.length === 0) return ''
  const against = [...new Set(comparisons.map((claim) => claim.against))].join(', ')
  const claims = comparisons.length
  return `† above, ‡ below ${against}: significant after Holm's correction over ${claims} comparisons.`
}

function unknownColumn(given: string, allowed: string[]): InvalidInputError {
  return new InvalidInputError('UNKNOWN_COLUMN', {
    what: 'No system of the leaderboard has a value in this column',
    given,
    allowed: `${allowed.join(', ')}, or <slice>/<metric>`,
    next: 'Check its spelling, or evaluate with this metric and slice',
  })
}
