import { writeFileAtomic } from '@sparc/tables'
import { claims } from '../ledger/claims.ts'
import { judge } from '../ledger/judge.ts'
import { ledgerMarkdown, ledgerText } from '../ledger/markdown.ts'
import { openRuns } from '../run-folder/saved-runs.ts'

/** `benchmark ledger`: the claims of the papers, judged by rule from the runs. */
export async function ledger(names: string[], { out, to }: { out: string; to?: string }): Promise<void> {
  const rows = await judge(claims, (await openRuns(names, out)).runs)
  process.stdout.write(`${ledgerText(rows)}\n`)
  if (to !== undefined) await writeFileAtomic(to, ledgerMarkdown(rows))
}
