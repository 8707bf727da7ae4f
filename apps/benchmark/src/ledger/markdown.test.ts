import { expect, it } from 'vitest'
import type { LedgerRow } from './claims.ts'
import { ledgerMarkdown, ledgerSummary } from './markdown.ts'

const untested: LedgerRow = { claim: 'C', source: 'a paper', measured: [], verdict: 'not testable here', why: 'online' }
const tested = (claim: string): LedgerRow => ({
  ...untested,
  claim,
  measured: ['not significant: numbers'],
  verdict: 'not reproduced',
  why: 'not significant; on 1 seed; with one seed p knows nothing of what another seed would change',
})

it('says the whole rule above the table', () => {
  expect(ledgerMarkdown([untested])).toMatch(/^Made by rule.*Holm.*direction.*size.*five seeds.*\n\n\| Claim /)
})

it('is short at the end of a run: what it can test, what all of it lacks once, and how many it can\u2019t', () => {
  expect(ledgerSummary([tested('A'), tested('B'), untested], 'results/x').split('\n')).toEqual([
    'Claims of the papers, by this run alone',
    '  not reproduced: A: not significant; on 1 seed',
    '  not reproduced: B: not significant; on 1 seed',
    '  with one seed p knows nothing of what another seed would change',
    "  1 of 3 can't be tested by it; the numbers, and why: benchmark ledger results/x",
  ])
  expect(ledgerSummary([untested], 'results/x').split('\n')).toHaveLength(2)
})
