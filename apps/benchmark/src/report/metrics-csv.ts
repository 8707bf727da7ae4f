import type { RowResult } from '../run-folder/results.ts'

const quote = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * All metrics of a run with full precision: one line for each row and seed; `filtered recall@50` is of lists without the history,
 * `unfiltered recall@50` of lists with it.
 */
export function metricsCsv(rows: readonly RowResult[]): string {
  const columns = (['filtered', 'unfiltered'] as const).flatMap((view) => {
    const names = new Set(rows.flatMap(({ metrics }) => Object.keys(metrics[view])))
    return [...names].map((name) => ({ view, name }))
  })
  const head = ['row', 'system', 'kind', 'seed', ...columns.map(({ view, name }) => `${view} ${name}`)]
  const lines = rows.map(({ name, system, kind, seed, metrics }) => [
    name,
    system,
    kind,
    seed,
    ...columns.map((column) => metrics[column.view][column.name] ?? ''),
  ])
  return [head, ...lines].map((line) => `${line.map((part) => quote(String(part))).join(',')}\n`).join('')
}
