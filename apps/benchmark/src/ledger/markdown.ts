import type { LedgerRow } from './claims.ts'
import { ONE_SEED, rule } from './verdict.ts'

const safe = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The ledger as a Markdown table, below the rule that made it. */
export function ledgerMarkdown(ledger: readonly LedgerRow[]): string {
  return [
    rule,
    '',
    '| Claim | Source | Measured here | Verdict | Why |',
    '| --- | --- | --- | --- | --- |',
    ...ledger.map(
      (row) =>
        `| ${safe(row.claim)} | ${safe(row.source)} | ${row.measured.map(safe).join('<br>') || '-'} | ${row.verdict} | ${safe(row.why)} |`,
    ),
    '',
  ].join('\n')
}

/** The ledger for a terminal. */
export function ledgerText(ledger: readonly LedgerRow[]): string {
  return ledger
    .flatMap((row) => [
      `${row.verdict.toUpperCase()}: ${row.claim} (${row.source})`,
      ...row.measured.map((text) => `    ${text}`),
      `    ${row.why}`,
    ])
    .join('\n')
}

/** What one run says of the claims, a line for each that it can test; the one-seed note of all of them stands once, at the end. */
export function ledgerSummary(ledger: readonly LedgerRow[], path: string): string {
  const tested = ledger.filter(({ measured }) => measured.length > 0)
  const rest = ledger.length - tested.length
  const note = `; ${ONE_SEED}`
  const one = tested.some(({ why }) => why.includes(note)) ? [`  ${ONE_SEED}`] : []
  return [
    'Claims of the papers, by this run alone',
    ...tested.map(({ verdict, claim, why }) => `  ${verdict}: ${claim}: ${why.replace(note, '')}`),
    ...one,
    `  ${rest} of ${ledger.length} can't be tested by it; the numbers, and why: benchmark ledger ${path}`,
  ].join('\n')
}
