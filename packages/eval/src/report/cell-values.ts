import { mean, variance } from '../significance/paired-scores.ts'
import type { LeaderboardRow } from './leaderboard.ts'

/** The values of one cell, one a seed; null where a seed has none. */
export function readCell(row: LeaderboardRow, column: string): (number | null)[] {
  if ('values' in row) return [row.values[column] ?? null].flat()
  const slash = column.lastIndexOf('/')
  return [row.reports].flat().map((report) => {
    const metrics = slash < 0 ? report.metrics : report.slices[column.slice(0, slash)]?.metrics
    return metrics?.[column.slice(slash + 1)]?.mean ?? null
  })
}

export function meanAndDeviation(values: (number | null)[]): {
  mean: number | null
  deviation: number | null
  seeds: number
} {
  const known = values.filter((value) => value !== null)
  return {
    mean: known.length === 0 ? null : mean(known),
    deviation: known.length < 2 ? null : Math.sqrt(variance(known)),
    seeds: known.length,
  }
}
