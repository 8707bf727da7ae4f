import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { InvalidFileError } from '@sparc/tables'
import { z } from 'zod'
import { readJson, writeJson } from '../run-folder/json.ts'
import type { RowResult, RunFile } from '../run-folder/results.ts'
import type { Evidence } from './measure-claim.ts'

/** An exported run whose own files may be gone: its tables and figures stay as they are. */
export interface ExportedRun {
  run: RunFile
  /** Its rows and seeds. */
  rows: Pick<RowResult, 'name' | 'seed'>[]
  /** What it said of each claim that was asked then. */
  evidence: Evidence[]
}

const evidenceFile = 'claims.json'
const schema = z.object({
  format: z.literal(1),
  claims: z.array(
    z.union([
      z.object({
        claim: z.string(),
        text: z.string(),
        p: z.number(),
        holds: z.boolean(),
        short: z.string(),
        // JSON has no infinity.
        seeds: z
          .number()
          .nullable()
          .transform((seeds) => seeds ?? Number.POSITIVE_INFINITY),
        passedOver: z.array(z.string()),
        run: z.string(),
        users: z.string(),
      }),
      z.object({ claim: z.string(), lack: z.string() }),
    ]),
  ),
})

/** Writes beside the tables of an exported run what it says of the claims, for later exports to the same folder. */
export function writeEvidence(folder: string, claims: readonly Evidence[]): Promise<void> {
  return writeJson(join(folder, evidenceFile), { format: 1, claims })
}

/**
 * The exported runs in a folder, but for those of the experiments that are exported anew.
 *
 * @throws InvalidFileError `DAMAGED_EXPORT`
 */
export async function exportedRuns(to: string, anew: readonly string[]): Promise<ExportedRun[]> {
  if (!existsSync(to)) return []
  const folders = readdirSync(to, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !anew.includes(entry.name))
    .map(({ name }) => join(to, name))
    .filter((folder) => ['run.json', 'metrics.csv'].every((file) => existsSync(join(folder, file))))
  return Promise.all(folders.sort().map(open))
}

async function open(folder: string): Promise<ExportedRun> {
  const run = await readJson<RunFile>(join(folder, 'run.json'))
  const [head = '', ...lines] = readFileSync(join(folder, 'metrics.csv'), 'utf8').trim().split('\n')
  if (run?.experiment?.name !== basename(folder) || !head.startsWith('row,system,kind,seed,')) {
    throw damaged(folder, 'run.json or metrics.csv')
  }
  return { run, rows: lines.map(rowOf), evidence: await evidenceIn(folder) }
}

/** The first columns of a line of `metrics.csv`: name, system (in quotes where a file's name has a comma), kind, seed. */
function rowOf(line: string): ExportedRun['rows'][number] {
  const [, name = '', seed] = /^([^,]*),(?:"(?:[^"]|"")*"|[^,]*),[^,]*,(\d+),/.exec(line) ?? []
  return { name, seed: Number(seed) }
}

async function evidenceIn(folder: string): Promise<Evidence[]> {
  const path = join(folder, evidenceFile)
  if (!existsSync(path)) return []
  const found = schema.safeParse(await readJson(path))
  if (found.success) return found.data.claims
  throw damaged(folder, `${evidenceFile}: ${z.prettifyError(found.error)}`)
}

function damaged(folder: string, given: string): InvalidFileError {
  return new InvalidFileError('DAMAGED_EXPORT', {
    what: 'The folder to export to has an exported run that can not be read',
    given: `${folder}, ${given}`,
    next: 'Remove that folder, or export to another one',
  })
}
