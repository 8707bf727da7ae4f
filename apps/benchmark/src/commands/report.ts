import { writeFileAtomic } from '@sparc/tables'
import { reportData } from '../report/build.ts'
import { reportPage } from '../report/page.ts'
import { openRuns } from '../run-folder/saved-runs.ts'

interface ReportOptions {
  out: string
  to?: string
  /** Whether users with their histories are on the page. */
  users?: boolean
}

/** `benchmark report`: one HTML file from one or several runs. */
export async function report(names: string[], { out, to, users }: ReportOptions): Promise<void> {
  const { runs } = await openRuns(names, out)
  const path = to ?? runs[0].paths.report
  const page = reportPage(await reportData(runs, { users }))
  await writeFileAtomic(path, page)
  process.stdout.write(`${path}: ${(Buffer.byteLength(page) / 1e6).toFixed(1)} MB, opens without a network\n`)
}
