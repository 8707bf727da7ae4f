export interface LedgerRow {
  claim: string
  source: string
  measured: string[]
  verdict: 'reproduced' | 'not reproduced' | 'not testable here'
  why: string
}
