import { basename, join } from 'node:path'
import { InvalidInputError, writeFileAtomic } from '@sparc/tables'
import { type Experiment, rowName } from '../config/schema.ts'
import { claims } from '../ledger/claims.ts'
import { type ExportedRun, exportedRuns, writeEvidence } from '../ledger/exported-runs.ts'
import { evidenceOf, notAsked } from '../ledger/judge.ts'
import { ledgerMarkdown } from '../ledger/markdown.ts'
import type { Evidence } from '../ledger/measure-claim.ts'
import { knownOptions } from '../pipeline/row.ts'
import { ablationMarkdown, ablationNote } from '../report/ablations.ts'
import { reportData } from '../report/build.ts'
import type { Figure, ReportRun } from '../report/data.ts'
import { number, pValue } from '../report/format.ts'
import { leftOut } from '../report/left-out.ts'
import { legend } from '../report/legend.ts'
import { metricsCsv } from '../report/metrics-csv.ts'
import { reportPage } from '../report/page.ts'
import { onPaper } from '../report/plot.ts'
import { publishedMarkdown } from '../report/published.ts'
import { seedsRun } from '../report/seeds.ts'
import { whatMatters } from '../report/significance.ts'
import { board, codebookText, costText, fewSeeds, indexText } from '../report/text.ts'
import { writeJson } from '../run-folder/json.ts'
import type { RunFile } from '../run-folder/results.ts'
import { type OpenedRuns, openRuns, type SavedRun } from '../run-folder/saved-runs.ts'

/** Of every time in a table: a run is no laboratory. */
const times = 'Times are as measured on the machine named above, with whatever else it was doing.'

function fence(title: string, text: string, note?: string): string[] {
  if (text === '') return []
  return ['', `## ${title}`, '', '```text', text, '```', ...(note === undefined ? [] : ['', note])]
}

function ablationTable({ ablations, columns, significance, seedNote }: ReportRun): string[] {
  if (ablations.length === 0) return []
  const table = ablationMarkdown(ablations, columns)
  return [
    '',
    '## What each part is worth',
    '',
    ablationNote,
    '',
    table,
    '',
    `${whatMatters(significance)} ${seedNote}`.trim(),
  ]
}

function significanceTable({ significance, ablations, seedNote }: ReportRun): string[] {
  if (significance.length === 0 || ablations.length > 0) return []
  return [
    '',
    '## Significance',
    '',
    'Paired over test users, history filtered; 10,000 bootstrap resamples; Holm over this table.',
    '',
    '| pair | metric | difference | 95 % interval | p | after Holm |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...significance.map(
      (test) =>
        `| ${test.a} - ${test.b} | ${test.metric} | ${number(test.difference)} | ${number(test.low)} to ${number(test.high)} | ${pValue(test.p)} | ${pValue(test.corrected)} |`,
    ),
    '',
    `${whatMatters(significance)} ${seedNote}`.trim(),
  ]
}

/** Name of the file of a figure. */
const fileOf = ({ title }: Figure) => `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.svg`

function figureText(figure: Figure): string[] {
  return [`![${figure.title}](${fileOf(figure)})`, '', `**${figure.title}.** ${figure.caption}`, '']
}

/** What else is in the folder, and of which rows not all options are known. */
function besides({ systems }: Experiment, options: Record<string, object>): string {
  const rows = systems.filter(({ recommendations }) => recommendations === undefined).map(rowName)
  const unknown = rows.filter((name) => options[name] === undefined)
  const but = `; of ${unknown.join(', ')} only those that the configuration names, as other defaults made what is finished`
  return `Every metric of every row and seed is in [metrics.csv](metrics.csv), all options of the rows in [run.json](run.json)${unknown.length > 0 ? but : ''}.`
}

function runMarkdown({ run, rows }: SavedRun, shown: ReportRun, options: Record<string, object>): string {
  return [
    `# ${shown.title}`,
    '',
    ...(shown.about === '' ? [] : [shown.about, '']),
    ...shown.facts.map(([name, value]) => `- ${name}: ${value}`),
    ...shown.notes.map((note) => `- note: ${note}`),
    ...ablationTable(shown),
    '',
    '## History filtered (the headline)',
    '',
    board(rows, 'filtered', run.split.kind).markdown(),
    '',
    legend(shown.columns, shown.rows, fewSeeds(shown.rows).size),
    '',
    '## History left in (to compare with published tables)',
    '',
    board(rows, 'unfiltered', run.split.kind).markdown(),
    ...publishedMarkdown(shown.published),
    ...significanceTable(shown),
    ...fence('Cost', costText(rows), times),
    ...fence('Index', indexText(rows), times),
    ...fence('Codebook over the items', codebookText(rows)),
    ...(shown.figures.length === 0 ? [] : ['', '## Figures']),
    '',
    ...shown.figures.flatMap(figureText),
    besides(run.experiment, options),
    '',
    run.finished === undefined ? 'This run is not finished.' : `Finished ${run.finished.slice(0, 10)}.`,
    '',
  ].join('\n')
}

function overviewRow({ run, rows }: Pick<ExportedRun, 'run' | 'rows'>): string {
  const { dataset, split, experiment } = run
  const names = new Set(rows.map(({ name }) => name)).size
  return `| [${experiment.name}](${experiment.name}/README.md) | ${dataset.name} | ${dataset.fingerprint} | ${split.kind} | ${seedsRun(experiment, rows)} | ${names} | \`${run.command}\` | ${leftOut({ run, rows }).join(', ') || 'nothing'} |`
}

/** The first page: which runs there are, on what, and by which command. */
function overview({ runs, missing }: OpenedRuns, before: readonly ExportedRun[], page: boolean): string {
  const names = before.map(({ run }) => run.experiment.name)
  const begun = missing.filter((each) => !names.includes(basename(each)))
  return [
    '# Results',
    '',
    'Made by `benchmark export` from the files of the runs, and by nothing else.',
    ...(page ? ['The page with everything on it but what shows a user is [report.html](report.html).'] : []),
    'The claims of the papers are in [ledger.md](ledger.md).',
    '',
    '| run | data | fingerprint | split | seeds | rows | command | left out |',
    '| --- | --- | --- | --- | --- | ---: | --- | --- |',
    ...[...runs, ...before].map(overviewRow),
    ...(begun.length === 0 ? [] : ['', `Not begun: ${begun.join(', ')}.`]),
    ...(names.length === 0 ? [] : ['', `Exported before, and left as they were: ${names.join(', ')}.`]),
    '',
  ].join('\n')
}

/** Each run has the folder of its experiment: two of one name would write over each other. */
function checkFolders(runs: readonly SavedRun[]): void {
  const there = new Map<string, SavedRun>()
  for (const saved of runs) {
    const { name } = saved.run.experiment
    const other = there.get(name)
    there.set(name, saved)
    if (other === undefined) continue
    throw new InvalidInputError('SAME_EXPERIMENT', {
      what: `Two of these runs are of an experiment named ${name}, and would be written to one folder`,
      given: `${other.paths.path} and ${saved.paths.path}`,
      allowed: 'runs of experiments with different names',
      next: 'Export one of them, or each to a folder of its own with --to DIR; what are parts of one run, `benchmark join` makes one',
    })
  }
}

/**
 * `benchmark export`: leaderboards as Markdown and CSV, figures as SVG, the ledger, the page; a folder for each run. Runs that were exported
 * there before stay, and what they said of the claims counts in the ledger.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`; `SAME_EXPERIMENT` where two runs would be written to one folder
 * @throws InvalidFileError `DAMAGED_EXPORT`
 */
export async function exportRuns(
  names: string[],
  { out, to, page = true }: { out: string; to: string; page?: boolean },
): Promise<void> {
  const opened = await openRuns(names, out)
  const { runs } = opened
  checkFolders(runs)
  const before = await exportedRuns(
    to,
    runs.map(({ run }) => run.experiment.name),
  )
  const found: Evidence[][] = []
  for (const saved of runs) found.push(await evidenceOf(claims, saved))
  const evidence = [...found, ...before.map((each) => [...each.evidence, ...notAsked(claims, each)])].flat()
  const report = await reportData(runs, { users: false, evidence })
  for (const [r, saved] of runs.entries()) {
    const shown = report.runs[r]
    const at = join(to, saved.run.experiment.name)
    const options = await knownOptions(saved)
    for (const figure of shown.figures) await writeFileAtomic(join(at, fileOf(figure)), onPaper(figure.svg))
    await writeFileAtomic(join(at, 'README.md'), runMarkdown(saved, shown, options))
    await writeFileAtomic(join(at, 'leaderboard.csv'), board(saved.rows, 'filtered', saved.run.split.kind).csv())
    await writeFileAtomic(
      join(at, 'leaderboard-unfiltered.csv'),
      board(saved.rows, 'unfiltered', saved.run.split.kind).csv(),
    )
    await writeFileAtomic(join(at, 'metrics.csv'), metricsCsv(saved.rows))
    await writeJson(join(at, 'run.json'), { ...saved.run, options } satisfies RunFile)
    await writeEvidence(at, found[r])
    process.stdout.write(`${at}\n`)
  }
  await writeFileAtomic(join(to, 'ledger.md'), `# Claims ledger\n\n${ledgerMarkdown(report.ledger)}`)
  if (page) await writeFileAtomic(join(to, 'report.html'), reportPage(report))
  await writeFileAtomic(join(to, 'README.md'), overview(opened, before, page))
}
