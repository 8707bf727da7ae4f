import { join } from 'node:path'
import { InvalidInputError, writeFileAtomic } from '@sparc/tables'
import { ledgerMarkdown } from '../ledger/markdown.ts'
import { ablationMarkdown, ablationNote } from '../report/ablations.ts'
import { reportData } from '../report/build.ts'
import type { ReportRun } from '../report/data.ts'
import { number, pValue } from '../report/format.ts'
import { leftOut } from '../report/left-out.ts'
import { reportPage } from '../report/page.ts'
import { whatMatters } from '../report/significance.ts'
import { board, codebookText, costText, indexText } from '../report/text.ts'
import { writeJson } from '../run-folder/json.ts'
import { type OpenedRuns, openRuns, type SavedRun } from '../run-folder/saved-runs.ts'

function fence(title: string, text: string): string[] {
  return text === '' ? [] : ['', `## ${title}`, '', '```text', text, '```']
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

function runMarkdown({ run, rows }: SavedRun, shown: ReportRun, figures: string[]): string {
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
    '## History left in (to compare with published tables)',
    '',
    board(rows, 'unfiltered', run.split.kind).markdown(),
    ...significanceTable(shown),
    ...fence('Cost', costText(rows)),
    ...fence('Index', indexText(rows)),
    ...fence('Codebook over the items', codebookText(rows)),
    ...(figures.length === 0 ? [] : ['', '## Figures', '']),
    ...figures.map((file) => `![${file.replace(/\.svg$/, '')}](${file})`),
    '',
    run.finished === undefined ? 'This run is not finished.' : `Finished ${run.finished.slice(0, 10)}.`,
    '',
  ].join('\n')
}

/** The first page: which runs there are, on what, and by which command. */
function overview({ runs, missing }: OpenedRuns, page: boolean): string {
  return [
    '# Results',
    '',
    'Made by `benchmark export` from the files of the runs, and by nothing else.',
    ...(page ? ['The page with everything on it but what shows a user is [report.html](report.html).'] : []),
    'The claims of the papers are in [ledger.md](ledger.md).',
    '',
    '| run | data | fingerprint | split | seeds | rows | command | left out |',
    '| --- | --- | --- | --- | --- | ---: | --- | --- |',
    ...runs.map(({ run, rows }) => {
      const { dataset, split, experiment } = run
      const names = new Set(rows.map(({ name }) => name)).size
      return `| [${experiment.name}](${experiment.name}/README.md) | ${dataset.name} | ${dataset.fingerprint} | ${split.kind} | ${experiment.seeds.join(', ')} | ${names} | \`${run.command}\` | ${leftOut({ run, rows }).join(', ') || 'nothing'} |`
    }),
    ...(missing.length === 0 ? [] : ['', `Not begun: ${missing.join(', ')}.`]),
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
 * `benchmark export`: leaderboards as Markdown and CSV, figures as SVG, the ledger, the page; a folder for each run.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`; `SAME_EXPERIMENT` where two runs would be written to one folder
 */
export async function exportRuns(
  names: string[],
  { out, to, page = true }: { out: string; to: string; page?: boolean },
): Promise<void> {
  const opened = await openRuns(names, out)
  const { runs } = opened
  checkFolders(runs)
  const report = await reportData(runs, { users: false })
  for (const [r, saved] of runs.entries()) {
    const shown = report.runs[r]
    const at = join(to, saved.run.experiment.name)
    const files: string[] = []
    for (const { title, svg } of shown.figures) {
      const file = `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.svg`
      await writeFileAtomic(join(at, file), svg)
      files.push(file)
    }
    await writeFileAtomic(join(at, 'README.md'), runMarkdown(saved, shown, files))
    await writeFileAtomic(join(at, 'leaderboard.csv'), board(saved.rows, 'filtered', saved.run.split.kind).csv())
    await writeFileAtomic(
      join(at, 'leaderboard-unfiltered.csv'),
      board(saved.rows, 'unfiltered', saved.run.split.kind).csv(),
    )
    await writeJson(join(at, 'run.json'), saved.run)
    process.stdout.write(`${at}\n`)
  }
  await writeFileAtomic(join(to, 'ledger.md'), `# Claims ledger\n\n${ledgerMarkdown(report.ledger)}`)
  if (page) await writeFileAtomic(join(to, 'report.html'), reportPage(report))
  await writeFileAtomic(join(to, 'README.md'), overview(opened, page))
}
