import { InvalidInputError, writeFileAtomic } from '@sparc/tables'
import { claims } from '../ledger/claims.ts'
import { judge } from '../ledger/judge.ts'
import { ledgerMarkdown, ledgerText } from '../ledger/markdown.ts'
import { openRuns } from '../run-folder/saved-runs.ts'

/**
 * `benchmark ledger`: the claims of the papers, judged by rule from the runs.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`; `NO_RUNS` where none was named and there is none
 */
export async function ledger(names: string[], { out, to }: { out: string; to?: string }): Promise<void> {
  const { runs } = await openRuns(names, out)
  if (runs.length === 0) {
    throw new InvalidInputError('NO_RUNS', {
      what: 'There is no run with a finished system that could speak to the claims',
      given: out,
      allowed: 'a folder of results with at least one run',
      next: 'Run something first (`npm start`, `benchmark run beauty`), or say where the runs are with --out DIR',
    })
  }
  const rows = await judge(claims, runs)
  process.stdout.write(`${ledgerText(rows)}\n`)
  if (to !== undefined) await writeFileAtomic(to, ledgerMarkdown(rows))
}
