import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeTable } from '@sparc/tables'
import { tableFromArrays } from 'apache-arrow'
import { parseExperiment } from '../config/schema.ts'
import { runPaths } from '../run-folder/folder.ts'
import { writeJson } from '../run-folder/json.ts'
import type { MetricsFile, RowResult, RunFile } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { temporary } from '../temporary.fixture.ts'
import { modelOf } from './one-model.ts'
import { folderOf } from './scores.ts'

/** A row of one seed, made up: metrics of the whole run, and Recall@50 of each user. */
export interface MadeUpRow extends Partial<Omit<RowResult, 'metrics'>> {
  name: string
  seed: number
  values?: Record<string, number>
  /** Recall@50 of the users; its mean is the row's. */
  users?: Float64Array
}

/** Seconds of a fit that no other has: the same for the rows of one model and seed. */
function fitSeconds(row: Pick<RowResult, 'name' | 'kind' | 'seed'>): number {
  return [...modelOf(row)].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), row.seed) % 9973
}

function resultOf({ values = {}, users, ...row }: MadeUpRow): RowResult {
  const mean = users && { 'recall@50': users.reduce((sum, value) => sum + value, 0) / users.length }
  const whole: RowResult = {
    format: 1,
    system: row.name,
    kind: 'exact',
    metrics: { filtered: { ...mean, ...values }, unfiltered: {} },
    steps: 100,
    seconds: { fit: 0, recommend: 0 },
    options: {},
    notes: [],
    ...row,
  }
  return { ...whole, seconds: row.seconds ?? { fit: fitSeconds(whole), recommend: 1 } }
}

/** A finished run of made-up rows, in a folder that is gone after the tests. */
export async function madeUpRun(
  rows: readonly MadeUpRow[],
  experiment: object = {},
  name = 'made-up',
): Promise<SavedRun> {
  const results = rows.map(resultOf)
  const seeds = [...new Set(rows.map(({ seed }) => seed))]
  const systems = [...new Set(results.filter(({ kind }) => kind !== 'shards').map((row) => row.name))].map((each) => {
    const row = results.find((result) => result.name === each)
    return row?.kind === 'given' ? { recommendations: row.system, name: each } : { system: row?.system, name: each }
  })
  const paths = runPaths(join(temporary(), name))
  const run: RunFile = {
    format: 1,
    name,
    hash: '',
    command: 'a test',
    experiment: parseExperiment({ name: 'made-up', dataset: 'synthetic', seeds, systems, ...experiment }, 'a test'),
    started: '',
    dataset: {
      name: 'none',
      fingerprint: 'f00d',
      users: 0,
      items: 0,
      interactions: 0,
      time: 'order',
      notes: [],
      options: {},
    },
    split: { kind: 'by-user', seed: 1, source: 'none', train: 0, validation: 0, test: 0, fingerprint: 'f00d' },
    versions: {},
    machine: { platform: '', cpus: 0, cpu: '', memory: 0 },
    phases: {},
  }
  const saved = { paths, run, rows: results }
  for (const [r, { users }] of rows.entries()) {
    const at = folderOf(saved, results[r])
    await mkdir(at, { recursive: true })
    if (users) await writeTable(join(at, 'users.arrow'), tableFromArrays({ 'recall@50': users }))
  }
  await writeJson(paths.run, run)
  await writeJson(paths.metrics, { format: 1, run: name, fingerprint: 'f00d', rows: results } satisfies MetricsFile)
  return saved
}
