import { join } from 'node:path'
import type { PlotPoint } from '@sparc/eval/plots'
import { folderOf } from '../ledger/scores.ts'
import { readJson } from '../run-folder/json.ts'
import type { RowResult, TrainingLog } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'

/** What happened while rows were trained, by name; those that were not trained are left out. */
export async function trainingLogs(saved: SavedRun, rows: readonly RowResult[]): Promise<Map<string, TrainingLog>> {
  const logs = new Map<string, TrainingLog>()
  for (const row of rows) {
    const log =
      row.kind === 'exact' ? await readJson<TrainingLog>(join(folderOf(saved, row), 'training.json')) : undefined
    if (log !== undefined) logs.set(row.name, log)
  }
  return logs
}

/** Recall on the validation users. */
export function recallCurves(logs: ReadonlyMap<string, TrainingLog>): PlotPoint[] {
  return [...logs].flatMap(([system, { validation }]) =>
    validation.map(({ step, recall }) => ({ system, x: step, y: recall })),
  )
}

/** Mean loss of the steps since the validation before: single batches are too noisy to be seen beside each other. */
export function lossCurves(logs: ReadonlyMap<string, TrainingLog>): PlotPoint[] {
  return [...logs].flatMap(([system, { steps, validation }]) =>
    validation.flatMap(({ step: x }, v) => {
      const from = v === 0 ? 0 : validation[v - 1].step
      const losses = steps.filter(({ step }) => step > from && step <= x).map(({ loss }) => loss)
      return losses.length === 0 ? [] : [{ system, x, y: losses.reduce((sum, loss) => sum + loss, 0) / losses.length }]
    }),
  )
}

/** Over how many codes the items are spread, level by level. */
export function codeCurves({ codebook }: TrainingLog): PlotPoint[] {
  return codebook.flatMap(({ step, perplexity }) =>
    perplexity.map((y, level) => ({ system: `level ${level + 1}`, x: step, y })),
  )
}
