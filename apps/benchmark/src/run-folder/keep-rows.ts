import type { RunPaths } from './folder.ts'
import { writeJson } from './json.ts'
import type { MetricsFile, RowResult, RunFile } from './results.ts'

/**
 * Writes `run.json` and `metrics.json` as they follow from the rows.
 *
 * @param made for each row and seed of the experiment what it came to, nothing where it is not finished
 * @returns all rows
 */
export async function keepRows(paths: RunPaths, run: RunFile, made: readonly RowResult[][]): Promise<RowResult[]> {
  const rows = made.flat()
  run.backend ??= rows.find(({ backend }) => backend !== undefined)?.backend
  run.engine ??= rows.find(({ engine }) => engine !== undefined)?.engine
  run.finished = made.every((each) => each.length > 0) ? (run.finished ?? new Date().toISOString()) : undefined
  const metrics: MetricsFile = { format: 1, run: run.name, fingerprint: run.dataset.fingerprint, rows }
  await writeJson(paths.run, run)
  if (rows.length > 0) await writeJson(paths.metrics, metrics)
  return rows
}
