import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from '../metrics/report.ts'
import {
  type PlotSystems,
  plotAgainstCoverage,
  plotByHistoryLength,
  plotByK,
  plotByPopularity,
} from '../report/plots.ts'

/** Draws every figure that the reports have values for, and returns the paths. */
export async function writeFigures(directory: string, reports: Map<string, Report[]>): Promise<string[]> {
  const systems: PlotSystems = Object.fromEntries(reports)
  const [first] = [...reports.values()].flat()
  const accuracy = first.names.filter((name) => /^(recall|ndcg|hitRate)@/.test(name))
  const metric = accuracy.find((name) => name.startsWith('recall@')) ?? accuracy[0]
  const coverage = first.names.find((name) => name.startsWith('coverage@'))
  const slices = Object.keys(first.slices)
  const figures: Record<string, () => Promise<string>> = {}
  if (metric) {
    const [name] = metric.split('@')
    if (accuracy.filter((other) => other.startsWith(`${name}@`)).length > 1)
      figures['by-k'] = () => plotByK(systems, { metric: name })
    if (coverage) {
      const same = accuracy.find((other) => other === `${name}@${coverage.slice(coverage.indexOf('@') + 1)}`) ?? metric
      figures['against-coverage'] = () => plotAgainstCoverage(systems, { metric: same, coverage })
    }
    if (slices.some((slice) => slice.startsWith('popularity:')))
      figures['by-popularity'] = () => plotByPopularity(systems, { metric })
    if (slices.some((slice) => slice.startsWith('history:')))
      figures['by-history'] = () => plotByHistoryLength(systems, { metric })
  }
  await mkdir(directory, { recursive: true })
  const paths: string[] = []
  for (const [name, figure] of Object.entries(figures)) {
    const path = join(directory, `${name}.svg`)
    await writeFile(path, await figure())
    paths.push(path)
  }
  return paths
}
