import { claims } from '../ledger/claims.ts'
import { evidenceOf, verdicts } from '../ledger/judge.ts'
import type { Evidence } from '../ledger/measure-claim.ts'
import type { RunFile } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { ablations } from './ablations.ts'
import { columnsOf } from './columns.ts'
import type { ReportData, ReportRun } from './data.ts'
import { explorer } from './explorer.ts'
import { figures } from './figures.ts'
import { leftOut } from './left-out.ts'
import { factsOf } from './run-text.ts'
import { seedNote } from './seeds.ts'
import { referenceOf, significance } from './significance.ts'
import { summarize } from './summary.ts'

const splits = { 'by-user': 'by user', 'leave-one-out': 'leave one out', 'by-time': 'by time' }

/** What was measured, by which experiment: others may be of the same data and split. */
function titleOf({ dataset, split, experiment }: RunFile): string {
  const what = `${dataset.name}, ${splits[split.kind]}`
  return experiment.name === dataset.name ? what : `${experiment.name}: ${what}`
}

/** Titles of runs in a page; those of one experiment are told apart by their folders. */
export function runTitles(runs: readonly RunFile[]): string[] {
  const titles = runs.map(titleOf)
  return titles.map((title, r) =>
    titles.filter((each) => each === title).length > 1 ? `${title} (${runs[r].name})` : title,
  )
}

/** One run as the page shows it; all of it comes from the files of the run. `id` names it in the page. */
async function reportRun(saved: SavedRun, id: string, title: string, users: boolean): Promise<ReportRun> {
  const { run, rows } = saved
  const summary = summarize(rows)
  const tests = await significance(saved)
  const missing = leftOut(saved)
  return {
    id,
    title,
    about: run.experiment.about,
    facts: factsOf(run, rows),
    phases: Object.entries(run.phases),
    columns: columnsOf(rows, run.split.kind),
    rows: summary,
    significance: tests,
    seedNote: [referenceOf(saved).note, seedNote(run.experiment, rows)].filter((note) => note !== '').join(' '),
    ablations: ablations(run.experiment, summary, tests),
    published: run.experiment.published ?? [],
    figures: await figures(saved),
    notes: [
      ...run.dataset.notes,
      ...(missing.length === 0 ? [] : [`Left out, as the run is not finished: ${missing.join(', ')}.`]),
      ...rows.flatMap((row) => row.notes.map((note) => `${row.name}: ${note}`)),
    ],
    explorer: await explorer(saved, users),
  }
}

/** Ids of runs in a page by their names: none is there twice, and none is one of the page's own. */
export function runIds(names: readonly string[]): string[] {
  const ids: string[] = []
  for (const name of names) {
    const id = `run-${name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-')}`
    let free = id
    for (let number = 2; ids.includes(free); number++) free = `${id}-${number}`
    ids.push(free)
  }
  return ids
}

/**
 * The data of a report on one or several runs; `users: false` leaves out what shows the history of a user.
 *
 * @param evidence what runs say of the claims, where it is known already or others count too
 */
export async function reportData(
  runs: readonly SavedRun[],
  { users = true, evidence }: { users?: boolean; evidence?: readonly Evidence[] } = {},
): Promise<ReportData> {
  const shown: ReportRun[] = []
  const ids = runIds(runs.map(({ run }) => run.name))
  const titles = runTitles(runs.map(({ run }) => run))
  for (const [r, saved] of runs.entries()) shown.push(await reportRun(saved, ids[r], titles[r], users))
  const title = runs.length === 1 ? `Benchmark: ${shown[0].title}` : 'Benchmark'
  const found = evidence ?? (await Promise.all(runs.map((saved) => evidenceOf(claims, saved)))).flat()
  return { title, runs: shown, ledger: verdicts(claims, found, 'only ablations') }
}
