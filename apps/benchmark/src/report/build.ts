import { factsOf } from '../commands/print.ts'
import type { SavedRun } from '../commands/runs.ts'
import { rowName } from '../config/schema.ts'
import { claims } from '../ledger/claims.ts'
import { judge } from '../ledger/judge.ts'
import { columnsOf } from './columns.ts'
import type { ReportData, ReportRun } from './data.ts'
import { explorer } from './explorer.ts'
import { figures } from './figures.ts'
import { significance } from './significance.ts'
import { summarize } from './summary.ts'

const splits = { 'by-user': 'by user', 'leave-one-out': 'leave one out', 'by-time': 'by time' }

/** What the configuration has and the run has not (yet). */
function leftOut({ run, rows }: SavedRun): string[] {
  const missing = run.experiment.systems.map(rowName).filter((name) => !rows.some((row) => row.name === name))
  return missing.length === 0 ? [] : [`Left out, as the run was not finished: ${missing.join(', ')}.`]
}

/** One run as the page shows it; all of it comes from the files of the run. */
export async function reportRun(saved: SavedRun): Promise<ReportRun> {
  const { run, rows } = saved
  return {
    id: run.name.replaceAll(/[^a-z0-9-]+/g, '-'),
    title: `${run.dataset.name}, ${splits[run.split.kind]}`,
    about: run.experiment.about,
    facts: factsOf(run),
    phases: Object.entries(run.phases),
    columns: columnsOf(rows, run.split.kind),
    rows: summarize(rows),
    significance: await significance(saved),
    figures: await figures(saved),
    notes: [
      ...run.dataset.notes,
      ...leftOut(saved),
      ...rows.flatMap((row) => row.notes.map((note) => `${row.name}: ${note}`)),
    ],
    explorer: await explorer(saved),
  }
}

/** The data of a report on one or several runs. */
export async function reportData(runs: readonly SavedRun[]): Promise<ReportData> {
  const shown: ReportRun[] = []
  for (const saved of runs) shown.push(await reportRun(saved))
  const title = runs.length === 1 ? `Benchmark: ${shown[0].title}` : 'Benchmark'
  return { title, runs: shown, ledger: await judge(claims, runs) }
}
