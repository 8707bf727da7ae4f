import { writeFileAtomic } from '@sparc/tables'
import { reportData } from '../report/build.ts'
import { reportPage } from '../report/page.ts'
import { openRuns } from './runs.ts'

/** `benchmark report`: one HTML file from one or several runs. */
export async function report(names: string[], { out, to }: { out: string; to?: string }): Promise<void> {
  const runs = await openRuns(names, out)
  const path = to ?? runs[0].paths.report
  const page = reportPage(await reportData(runs))
  await writeFileAtomic(path, page)
  process.stdout.write(`${path}: ${(Buffer.byteLength(page) / 1e6).toFixed(1)} MB, opens without a network\n`)
}
