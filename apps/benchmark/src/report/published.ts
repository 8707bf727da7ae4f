import type { Experiment } from '../config/schema.ts'
import { labelOf } from './columns.ts'
import { html } from './escape.ts'
import { markdownRow, number } from './format.ts'
import { align } from './text.ts'

/** Numbers of others as a configuration gives them: who, which view of the lists, the values by metric, and where they stand. */
export type Published = NonNullable<Experiment['published']>

/** What is said above them, wherever they are shown. */
export const publishedNote =
  'As their source gives them, to hold against: nothing here was run, and where the source is a paper its preparation and split may differ.'

/** Heads and rows of the table, the first column being who. */
function cells(published: Published): string[][] {
  const keys = [...new Set(published.flatMap(({ metrics }) => Object.keys(metrics)))]
  return [
    ['', 'history', ...keys.map(labelOf), 'source'],
    ...published.map(({ name, history, metrics, source }) => [
      name,
      history,
      ...keys.map((key) => number(metrics[key])),
      source,
    ]),
  ]
}

export function publishedText(published: Published): string {
  return published.length === 0 ? '' : align(cells(published))
}

export function publishedMarkdown(published: Published): string[] {
  if (published.length === 0) return []
  const [heads, ...rows] = cells(published)
  const rule = heads.map((_, c) => (c > 1 && c < heads.length - 1 ? '---:' : '---'))
  return [
    '',
    '## Numbers of others',
    '',
    publishedNote,
    '',
    markdownRow(heads),
    markdownRow(rule),
    ...rows.map(markdownRow),
  ]
}

export function publishedHtml(published: Published): string {
  if (published.length === 0) return ''
  const [heads, ...rows] = cells(published)
  const last = heads.length - 1
  const kind = (c: number) => (c < 2 || c === last ? ' class="text"' : '')
  const head = heads.map((text, c) => `<th scope="col"${kind(c)}>${html(text || 'who')}</th>`)
  const body = rows.map(([name, ...rest]) => {
    const others = rest.map((text, c) => `<td${kind(c + 1)}>${html(text)}</td>`)
    return `<tr><th scope="row">${html(name)}</th>${others.join('')}</tr>`
  })
  return `<h3>Numbers of others</h3><p class="faint">${publishedNote}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Numbers of others"><table><thead><tr>${head.join('')}</tr></thead>
    <tbody>${body.join('\n')}</tbody></table></div>`
}
