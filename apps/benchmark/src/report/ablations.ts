import { type Experiment, rowName } from '../config/schema.ts'
import type { Ablation, Cell, Column, ReportRow, SignificanceRow } from './data.ts'
import { markdownRow, number, pValue } from './format.ts'

/** What an ablation is judged by, first of all Recall@50. */
const keys = ['recall@50', 'ndcg@50', 'long-tail/recall@50', 'cold-users/ndcg@50', 'coverage@50']

/** How the table came about. */
export const ablationNote =
  'One thing changed at a time, history filtered. The last columns are what the change does to Recall@50: paired over test users and seeds, 10,000 bootstrap resamples, p after Holm over this table.'

/** Whether the rows of an experiment say what they change. */
export function isAblation({ systems }: Pick<Experiment, 'systems'>): boolean {
  return systems.some(({ change }) => change !== undefined)
}

/** The rows that change something, each with what it changes and what that does to Recall@50; the reference leads. */
export function ablations(
  experiment: Pick<Experiment, 'systems' | 'reference'>,
  rows: readonly ReportRow[],
  tests: readonly SignificanceRow[],
): Ablation[] {
  if (!isAblation(experiment)) return []
  const { systems, reference } = experiment
  const changes = new Map(systems.map((row) => [rowName(row), row.change]))
  return rows.flatMap(({ name, filtered, searched }) => {
    const change = name === reference ? 'nothing: what the others are held against' : (changes.get(name) ?? searched)
    if (change === undefined) return []
    const test = tests.find(({ b, metric }) => b === name && metric === 'recall@50')
    return [{ name, change, cells: filtered, test }]
  })
}

/** The columns that the table of ablations has. */
export function ablationColumns(columns: readonly Column[]): Column[] {
  return keys.flatMap((key) => columns.filter((column) => column.key === key))
}

/** Mean, and deviation where there are several seeds. */
export function cellText({ mean, sd }: Cell = { mean: null, sd: null }): string {
  return `${number(mean)}${sd === null ? '' : ` ± ${number(sd)}`}`
}

/** What the change does to Recall@50: difference, interval, p after Holm. */
export function effectTexts({ test }: Ablation): [string, string, string] {
  if (test === undefined) return ['', '', '']
  const signed = (value: number) => `${value >= 0 ? '+' : ''}${number(value)}`
  return [signed(-test.difference), `${signed(-test.high)} to ${signed(-test.low)}`, pValue(test.corrected)]
}

/** The table as Markdown. */
export function ablationMarkdown(rows: readonly Ablation[], columns: readonly Column[]): string {
  const shown = ablationColumns(columns)
  const heads = ['', 'what is changed', ...shown.map(({ label }) => label), 'R@50 by it', '95 % interval', 'p']
  return [
    markdownRow(heads),
    markdownRow(heads.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...rows.map((row) =>
      markdownRow([row.name, row.change, ...shown.map(({ key }) => cellText(row.cells[key])), ...effectTexts(row)]),
    ),
  ].join('\n')
}
