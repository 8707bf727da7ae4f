import { queriesOf, writeTable } from '@sparc/tables'
import { sharedHash } from '../config/hash.ts'
import type { Wanted } from '../config/part.ts'
import type { Experiment } from '../config/schema.ts'
import type { Located } from '../data/locate.ts'
import type { Progress } from '../progress/progress.ts'
import type { RunFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import type { MetricsFile, RowResult, RunFile } from '../run-folder/results.ts'
import { checkSameRun } from '../run-folder/resume.ts'
import type { Context } from './context.ts'
import { openData } from './data.ts'
import { machine, versions } from './describe.ts'
import { keptRow, runRow } from './row.ts'
import { split, splitFingerprint } from './split.ts'
import { stopwatch } from './stopwatch.ts'
import { fitsOf } from './systems.ts'

export interface RunRequest {
  experiment: Experiment
  located: Located
  folder: RunFolder
  /** What of it is to be run now; all of it where absent. What is finished is shown in any case. */
  wanted?: Wanted
  /** The command that makes this run again. */
  command: string
  progress: Progress
  signal: AbortSignal
}

/** The whole line: data, split, and for every system fit, recommend, index, evaluate. Gives what stands in the folder. */
export async function runExperiment(request: RunRequest): Promise<{ run: RunFile; rows: RowResult[] }> {
  const { experiment, folder, wanted = () => true } = request
  const before = await readJson<RunFile>(folder.run)
  const context = await prepare(request, before)
  const run = describe(request, context, before)
  if (before !== undefined) checkSameRun(before, run, folder.path)
  await writeJson(folder.run, run)
  await keepData(context)

  const rows: RowResult[] = []
  let complete = true
  for (const { row, seed } of fitsOf(experiment)) {
    const made = wanted(row, seed) ? await runRow(context, row, seed) : await keptRow(context, row, seed)
    complete &&= made.length > 0
    rows.push(...made)
    run.phases = context.watch.seconds
    run.backend ??= rows.find((each) => each.backend !== undefined)?.backend
    run.engine ??= rows.find((each) => each.engine !== undefined)?.engine
    await writeJson(folder.run, run)
    await writeJson(folder.metrics, metricsFile(run, rows))
  }
  run.finished = complete ? (run.finished ?? new Date().toISOString()) : undefined
  await writeJson(folder.run, run)
  return { run, rows }
}

function metricsFile(run: RunFile, rows: RowResult[]): MetricsFile {
  return { format: 1, run: run.name, fingerprint: run.dataset.fingerprint, rows }
}

async function prepare(request: RunRequest, before: RunFile | undefined): Promise<Context> {
  const { experiment, located, folder, progress, signal } = request
  const watch = stopwatch(before?.phases)
  const reading = progress.phase('data')
  const data = await watch.time('data', () => openData(experiment, located))
  signal.throwIfAborted()
  const parts = await watch.time('split', () => split(data.dataset, experiment))
  const { users, items, interactions } = data.dataset.counts
  const count = (value: number) => value.toLocaleString('en')
  reading.end(`${data.dataset.name}: ${count(users)} users, ${count(items)} items, ${count(interactions)} interactions`)
  const bench = { items: data.dataset.items, train: parts.train, cases: parts.test }
  return { experiment, folder, data, split: parts, queries: queriesOf(parts.test), bench, progress, signal, watch }
}

function describe({ experiment, folder, command }: RunRequest, context: Context, before: RunFile | undefined): RunFile {
  const { dataset } = context.data
  const { split: parts, watch } = context
  return {
    format: 1,
    name: folder.name,
    hash: sharedHash(experiment),
    command,
    experiment,
    started: before?.started ?? new Date().toISOString(),
    finished: before?.finished,
    dataset: {
      name: dataset.name,
      fingerprint: dataset.fingerprint,
      users: dataset.counts.users,
      items: dataset.counts.items,
      interactions: dataset.counts.interactions,
      time: dataset.time,
      notes: [...dataset.notes, ...parts.notes],
      options: dataset.options,
    },
    split: {
      kind: experiment.split,
      seed: experiment.splitSeed,
      source: parts.source,
      train: parts.train.numRows,
      validation: parts.validation.numRows,
      test: parts.test.numRows,
      fingerprint: splitFingerprint(parts),
    },
    backend: before?.backend,
    engine: before?.engine,
    versions: versions(),
    machine: machine(),
    phases: watch.seconds,
  }
}

async function keepData({ folder, data, split: parts }: Context): Promise<void> {
  await writeTable(folder.items, data.dataset.items)
  await writeTable(folder.cases, parts.test)
  await writeTable(folder.validation, parts.validation)
  await writeTable(folder.train, parts.train)
  if (data.world !== undefined) await writeTable(folder.truth, data.world.truth.items)
}
