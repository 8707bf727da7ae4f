import { duration } from '../progress/duration.ts'
import type { RowResult, RunFile } from '../run-folder/results.ts'
import { machineText, sittingText } from '../run-folder/sittings.ts'
import { columnsOf } from './columns.ts'
import { leftOut } from './left-out.ts'
import { columnNames } from './legend.ts'
import { publishedText } from './published.ts'
import { seedsRun } from './seeds.ts'
import { board, codebookText, costText, indexText } from './text.ts'

/** What was measured on what, in a few lines. */
export function factsOf(run: RunFile, rows: readonly RowResult[]): [string, string][] {
  const { dataset, split, otherSittings = [] } = run
  const count = (value: number) => value.toLocaleString('en')
  return [
    [
      'data',
      `${dataset.name}: ${count(dataset.users)} users, ${count(dataset.items)} items, ${count(dataset.interactions)} interactions; fingerprint ${dataset.fingerprint}`,
    ],
    [
      'split',
      `${split.kind}, seed ${split.seed}, ${split.source}: ${count(split.train)} train, ${count(split.validation)} validation, ${count(split.test)} test users; fingerprint ${split.fingerprint}`,
    ],
    ['seeds', seedsRun(run.experiment, rows)],
    ['backend', run.backend ?? 'none (nothing was trained)'],
    ['index engine', run.engine ?? 'none'],
    ['machine', machineText(run.machine)],
    [
      'versions',
      Object.entries(run.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ...otherSittings.map((each): [string, string] => ['also made on', sittingText(run, each)]),
    ['command', run.command],
  ]
}

function block(title: string, text: string): string[] {
  return text === '' ? [] : ['', title, text]
}

/** The leaderboard of a run as text: the headline with the history filtered, the other view below it. */
export function runText(run: RunFile, rows: RowResult[]): string {
  const phases = Object.entries(run.phases).map(([name, seconds]) => `${name} ${duration(seconds)}`)
  const facts = factsOf(run, rows).filter(([name]) => name !== 'versions')
  const missing = leftOut({ run, rows })
  return [
    ...block('History filtered (the headline)', board(rows, 'filtered', run.split.kind).text()),
    ...block('History left in (to compare with published tables)', board(rows, 'unfiltered', run.split.kind).text()),
    '',
    `${columnNames(columnsOf(rows, run.split.kind))}.`,
    ...block('Numbers of others', publishedText(run.experiment.published ?? [])),
    ...block('Cost', costText(rows)),
    ...block('Index, search alone in one batch of all test users', indexText(rows)),
    ...block('Codebook over the items', codebookText(rows)),
    '',
    ...facts.map(([name, value]) => `${name.padEnd(13)} ${value}`),
    ...(run.dataset.notes.length > 0 ? [`${'notes'.padEnd(13)} ${run.dataset.notes.join(' ')}`] : []),
    ...(missing.length > 0 ? [`${'left out'.padEnd(13)} ${missing.join(', ')}`] : []),
    `${'time'.padEnd(13)} ${phases.join(', ')}`,
  ].join('\n')
}
