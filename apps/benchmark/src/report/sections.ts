import type { LedgerRow } from '../ledger/claims.ts'
import { rule } from '../ledger/verdict.ts'
import { duration } from '../progress/duration.ts'
import { ablationColumns, ablationNote, cellText, effectTexts } from './ablations.ts'
import type { ReportRun } from './data.ts'
import { html } from './escape.ts'
import { number, pValue } from './format.ts'
import { leaderboardHtml } from './leaderboard.ts'
import { publishedHtml } from './published.ts'
import { whatMatters } from './significance.ts'

function facts(pairs: [string, string][]): string {
  return `<dl class="facts">${pairs.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('')}</dl>`
}

function significance(run: ReportRun): string {
  if (run.significance.length === 0 || run.ablations.length > 0) return ''
  const rows = run.significance.map(
    (test) => `<tr><th scope="row" data-value="${html(test.a)}">${html(test.a)} against ${html(test.b)}</th>
      <td class="text" data-value="${html(test.metric)}">${html(test.metric)}</td>
      <td data-value="${test.difference}">${number(test.difference)}</td>
      <td data-value="${test.low}">${number(test.low)} to ${number(test.high)}</td>
      <td data-value="${test.p}">${pValue(test.p)}</td>
      <td data-value="${test.corrected}"${test.corrected < 0.05 ? ' class="best"' : ''}>${pValue(test.corrected)}</td></tr>`,
  )
  const heads = ['Pair', 'metric', 'difference', '95 % interval', 'p', 'p after Holm'].map(
    (label, i) =>
      `<th scope="col" data-first="ascending"${i < 2 ? ' class="text"' : ''}><button type="button">${label}</button></th>`,
  )
  return `<h3>Significance</h3><p class="faint">Paired over test users, history filtered; 10,000 bootstrap resamples; Holm's correction over this table.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Significance"><table data-sortable><thead><tr>${heads.join('')}</tr></thead>
    <tbody>${rows.join('\n')}</tbody></table></div>
    <p>${html(whatMatters(run.significance))} ${html(run.seedNote)}</p>`
}

function ablationSection({ ablations, columns, significance: tests, seedNote }: ReportRun): string {
  if (ablations.length === 0) return ''
  const shown = ablationColumns(columns)
  const heads = ['Row', 'what is changed', ...shown.map(({ label }) => label), 'R@50 by it', '95 % interval', 'p'].map(
    (label, i) =>
      `<th scope="col" data-first="${i < 2 ? 'ascending' : 'descending'}"${i < 2 ? ' class="text"' : ''}><button type="button">${html(label)}</button></th>`,
  )
  const body = ablations.map((row) => {
    const cells = shown.map(
      ({ key }) => `<td data-value="${row.cells[key]?.mean ?? ''}">${cellText(row.cells[key])}</td>`,
    )
    const [effect, interval, p] = effectTexts(row)
    const sure = row.test !== undefined && row.test.corrected < 0.05 ? ' class="best"' : ''
    return `<tr><th scope="row" data-value="${html(row.name)}">${html(row.name)}</th>
      <td class="wrap" data-value="${html(row.change)}">${html(row.change)}</td>${cells.join('')}
      <td data-value="${row.test === undefined ? '' : -row.test.difference}"${sure}>${effect}</td>
      <td data-value="${row.test === undefined ? '' : -row.test.high}">${interval}</td><td data-value="${row.test?.corrected ?? ''}">${html(p)}</td></tr>`
  })
  return `<h3>What each part is worth</h3><p class="faint">${ablationNote}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Ablations"><table data-sortable><thead><tr>${heads.join('')}</tr></thead>
    <tbody>${body.join('\n')}</tbody></table></div>
    <p>${html(whatMatters(tests))} ${html(seedNote)}</p>`
}

function figures(run: ReportRun): string {
  if (run.figures.length === 0) return ''
  const each = run.figures.map(
    ({ title, caption, svg }) =>
      `<figure>${svg}<figcaption><strong>${html(title)}</strong>${html(caption)}</figcaption></figure>`,
  )
  return `<h3>Figures</h3><div class="figures">${each.join('\n')}</div>`
}

function explorer(run: ReportRun): string {
  if (run.explorer === undefined) return ''
  const { model, users } = run.explorer
  const about =
    users.length > 0
      ? `What ${model} sees in a user, and what a code stands for. Marked items are what the user chose next.`
      : `What the codes of ${model} stand for. Users and their histories are left out of this page.`
  const noUsers = users.length > 0 ? '' : ' hidden'
  return `<h3>Interest explorer</h3><p class="faint">${html(about)}</p>
    <div class="explorer" id="explorer-${html(run.id)}">
      <div class="controls" data-part="tabs" role="tablist" aria-label="Explore">
        <button type="button" role="tab" aria-selected="true"${noUsers}>by user</button>
        <button type="button" role="tab" aria-selected="false" tabindex="-1">by interest</button></div>
      <div data-part="user" role="tabpanel"><label>User <select></select></label><div data-part="shown" aria-live="polite"></div></div>
      <div data-part="code" role="tabpanel" hidden><label>Interest <select></select></label><div data-part="shown" aria-live="polite"></div></div>
    </div>`
}

function phases(run: ReportRun): string {
  const total = run.phases.reduce((sum, [, seconds]) => sum + seconds, 0)
  const parts = run.phases.map(([name, seconds]) => `${html(name)} ${duration(seconds)}`)
  return `<p class="faint">Time: ${parts.join(', ')}; together ${duration(total)}.</p>`
}

/** One run: what was measured on what, leaderboard, significance, figures, explorer. */
export function runSection(run: ReportRun): string {
  const notes = run.notes.length === 0 ? '' : `<ul>${run.notes.map((note) => `<li>${html(note)}</li>`).join('')}</ul>`
  return `<section aria-labelledby="${html(run.id)}"><h2 id="${html(run.id)}">${html(run.title)}</h2>
    ${run.about === '' ? '' : `<p>${html(run.about)}</p>`}
    ${leaderboardHtml(run)}
    ${publishedHtml(run.published)}
    ${ablationSection(run)}
    ${significance(run)}
    ${figures(run)}
    ${explorer(run)}
    <h3>What was measured on what</h3>${facts(run.facts)}${phases(run)}${notes}</section>`
}

const classes: Record<LedgerRow['verdict'], string> = {
  reproduced: 'reproduced',
  'not reproduced': 'not-reproduced',
  'not testable here': 'not-testable',
}

/** The claims of the papers with their verdicts. */
export function ledgerSection(ledger: LedgerRow[]): string {
  const rows = ledger.map(
    (row) => `<tr><td class="wrap">${html(row.claim)}<br><span class="tag">${html(row.source)}</span></td>
      <td class="wrap">${row.measured.map((text) => html(text)).join('<br>') || '-'}</td>
      <td class="text verdict ${classes[row.verdict]}">${row.verdict}</td>
      <td class="wrap">${html(row.why)}</td></tr>`,
  )
  return `<section aria-labelledby="ledger"><h2 id="ledger">Claims ledger</h2>
    <p class="faint">${html(rule)}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Claims"><table><thead><tr>
    <th scope="col" class="text">Claim</th><th scope="col" class="text">Measured here</th><th scope="col" class="text">Verdict</th><th scope="col" class="text">Why</th>
    </tr></thead><tbody>${rows.join('\n')}</tbody></table></div></section>`
}
