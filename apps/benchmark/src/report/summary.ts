import type { RowResult } from '../run-folder/results.ts'
import type { Cell, ReportRow } from './data.ts'
import { byName } from './text.ts'

/** Mean and standard deviation (of a sample) of what is there; no deviation from one value. */
export function meanAndDeviation(values: (number | null | undefined)[]): Cell {
  const known = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  if (known.length === 0) return { mean: null, sd: null }
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  if (known.length === 1) return { mean, sd: null }
  return { mean, sd: Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1)) }
}

function noteOf(row: RowResult): string {
  if (row.kind === 'given') return `lists from ${row.system}`
  if (row.kind === 'shards') return `per-code shards, ${row.engine}`
  return row.system === row.name ? '' : row.system
}

function searchOf({ kind, system, index, notes }: RowResult): string | undefined {
  if (kind !== 'shards') return undefined
  const merge = index === undefined ? notes.join(', ') : 'candidates merged as the model ranks them'
  return `the lists of ${system}'s shards, one probe for each interest, ${merge}`
}

/** One line per row of the leaderboard, seeds taken together, in the order of the configuration. */
export function summarize(rows: RowResult[]): ReportRow[] {
  return [...byName(rows)].map(([name, group]) => {
    const view = (kind: 'filtered' | 'unfiltered') => {
      const keys = new Set(group.flatMap((row) => Object.keys(row.metrics[kind])))
      return Object.fromEntries(
        [...keys].map((key) => [key, meanAndDeviation(group.map((row) => row.metrics[kind][key]))]),
      )
    }
    return {
      name,
      note: noteOf(group[0]),
      searched: searchOf(group[0]),
      seeds: group.length,
      steps: Math.round(meanAndDeviation(group.map((row) => row.steps)).mean ?? 0),
      fitSeconds: meanAndDeviation(group.map((row) => row.seconds.fit)).mean ?? 0,
      scanned: meanAndDeviation(group.map((row) => row.scanned)).mean,
      microseconds: meanAndDeviation(group.map((row) => row.microsecondsPerQuery)).mean,
      filtered: view('filtered'),
      unfiltered: view('unfiltered'),
    }
  })
}
