import type { LedgerRow } from './claims.ts'

const safe = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The ledger as a Markdown table. */
export function ledgerMarkdown(ledger: readonly LedgerRow[]): string {
  return [
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
