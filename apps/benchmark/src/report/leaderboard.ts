import { duration } from '../progress/duration.ts'
import type { Column, ReportRow, ReportRun } from './data.ts'
import { html } from './escape.ts'
import { number, percent } from './format.ts'
import { columnNames } from './legend.ts'
import { fewSeeds } from './text.ts'

function ranked(rows: ReportRow[], column: Column, view: 'filtered' | 'unfiltered'): number[] {
  if (column.better === 'neither') return []
  const sign = column.better === 'higher' ? -1 : 1
  const values = new Set(rows.flatMap((row) => row[view][column.key]?.mean ?? []))
  return [...values].sort((a, b) => sign * (a - b))
}

function table(run: ReportRun, view: 'filtered' | 'unfiltered'): string {
  const heads = [
    head('System', 'ascending', 'text'),
    ...run.columns.map((column) => head(column.label, column.better === 'lower' ? 'ascending' : 'descending')),
    head('scanned', 'ascending'),
    head('µs a query', 'ascending'),
    head('steps', 'ascending'),
    head('training', 'ascending'),
  ]
  const unranked = fewSeeds(run.rows)
  const candidates = run.rows.filter(({ name }) => !unranked.has(name))
  const orders = run.columns.map((column) => ranked(candidates, column, view))
  const body = run.rows.map((row) => {
    const cells = run.columns.map((column, i) => {
      const { mean, sd } = row[view][column.key] ?? { mean: null, sd: null }
      const place = mean === null || unranked.has(row.name) ? -1 : orders[i].indexOf(mean)
      const mark = place === 0 ? ' class="best"' : place === 1 ? ' class="second"' : ''
      const spread = sd === null ? '' : ` <small>± ${number(sd)}</small>`
      return `<td${mark} data-value="${mean ?? ''}">${number(mean)}${spread}</td>`
    })
    const note = row.note === '' ? '' : `<br><span class="tag">${html(row.note)}</span>`
    return [
      `<tr><th scope="row" data-value="${html(row.name)}">${html(row.name)}${note}</th>`,
      ...cells,
      plain(row.scanned, row.scanned === null ? '-' : percent(row.scanned)),
      plain(row.microseconds, row.microseconds === null ? '-' : Math.round(row.microseconds).toString()),
      plain(row.steps, row.steps.toString()),
      plain(row.fitSeconds, duration(row.fitSeconds)),
      '</tr>',
    ].join('')
  })
  const caption = view === 'filtered' ? 'History removed from the lists' : 'History left in the lists'
  return `<div class="scroll" data-view="${view}"${view === 'filtered' ? '' : ' hidden'} tabindex="0" role="region"
    aria-label="${caption}"><table data-sortable><thead><tr>${heads.join('')}</tr></thead>
    <tbody>${body.join('\n')}</tbody></table></div>`
}

function head(label: string, first: 'ascending' | 'descending', kind = ''): string {
  return `<th scope="col" data-first="${first}"${kind && ` class="${kind}"`}><button type="button">${html(label)}</button></th>`
}

function plain(value: number | null, text: string): string {
  return `<td data-value="${value ?? ''}">${text}</td>`
}

/** The sortable leaderboard of a run, with the history filtered (the headline) and left in. */
export function leaderboardHtml(run: ReportRun): string {
  return `<section><div class="controls" data-views role="group" aria-label="History">
    <button type="button" value="filtered" aria-pressed="true">history filtered</button>
    <button type="button" value="unfiltered" aria-pressed="false">history left in</button></div>
    ${table(run, 'filtered')}${table(run, 'unfiltered')}
    <p class="faint">Best value of a column on green, second best underlined${run.rows.some((row) => row.seeds > 1) ? '; mean ± standard deviation over seeds' : ''}${fewSeeds(run.rows).size > 0 ? '; rows with fewer seeds than others are not marked' : ''}. Choose a column's name to sort by it.</p>
    <p class="faint">${html(columnNames(run.columns))}.</p></section>`
}
