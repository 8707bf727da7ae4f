import { queriesOf, writeTable } from '@sparc/tables'
import { sharedHash } from '../config/hash.ts'
import type { Wanted } from '../config/part.ts'
import { type Experiment, rowName } from '../config/schema.ts'
import { commandsTogether } from '../config/together.ts'
import type { Located } from '../data/locate.ts'
import type { Progress } from '../progress/progress.ts'
import type { RunFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import { keepRows } from '../run-folder/keep-rows.ts'
import type { RowResult, RunFile } from '../run-folder/results.ts'
import { checkSameRun } from '../run-folder/resume.ts'
import { otherSittings, sittingsOf } from '../run-folder/sittings.ts'
import type { Context } from './context.ts'
import { openData } from './data.ts'
import { machine, versions } from './describe.ts'
import { fitName, keepEarlier } from './keep-earlier.ts'
import { listLength } from './lists.ts'
import { keptRow, runRow } from './row.ts'
import { split, splitFingerprint } from './split.ts'
import { stopwatch } from './stopwatch.ts'
import { fitsOf, optionsOf } from './systems.ts'

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

/** What stands in the folder, and what went wrong on the way: a system that fails does not keep the others from theirs. */
export interface RunOutcome {
  run: RunFile
  rows: RowResult[]
  failures: { name: string; error: unknown }[]
}

/** The whole line: data, split, and for every system fit, recommend, index, evaluate. */
export async function runExperiment(request: RunRequest): Promise<RunOutcome> {
  const { experiment, folder, progress, signal, wanted = () => true } = request
  const before = await readJson<RunFile>(folder.run)
  const context = await prepare(request, before)
  const run = describe(request, context, before)
  if (before !== undefined) {
    checkSameRun(before, run, folder.path)
    const kept = keepEarlier(before, experiment, folder)
    if (kept.others.length > 0) {
      progress.say(`  kept from before, though this configuration does not name it: ${kept.others.join(', ')}`)
      run.command = commandsTogether(before.command, run.command)
    }
    context.experiment = kept.experiment
    run.experiment = kept.experiment
  }
  run.options = optionsOf(run.experiment)
  const fits = fitsOf(run.experiment)
  // Before anything is written: what can't be continued stays as it is.
  const made = await Promise.all(fits.map(({ row, seed }) => keptRow(context, row, seed)))
  await writeJson(folder.run, run)
  await keepData(context)

  const named = new Set(fitsOf(experiment).map(fitName))
  const failures: RunOutcome['failures'] = []
  for (const [f, { row, seed }] of fits.entries()) {
    if (!named.has(fitName({ row, seed })) || !wanted(row, seed)) continue
    try {
      made[f] = await runRow(context, row, seed)
    } catch (error) {
      if (signal.aborted) throw error
      failures.push({ name: rowName(row), error })
      progress.say(`  ${rowName(row)} failed: ${error instanceof Error ? error.message : error}`)
      continue
    }
    run.phases = context.watch.seconds
    await keepRows(folder, run, made)
  }
  return { run, rows: await keepRows(folder, run, made), failures }
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
  const queries = queriesOf(parts.test)
  return { experiment, folder, data, split: parts, queries, bench, progress, signal, watch, said: new Set() }
}

function describe({ experiment, folder, command }: RunRequest, context: Context, before: RunFile | undefined): RunFile {
  const { dataset } = context.data
  const { split: parts, watch } = context
  const here = { versions: versions(), machine: machine() }
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
      notes: [...dataset.notes, ...parts.notes, ...shortCatalogue(dataset.counts.items)],
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
    ...here,
    otherSittings: otherSittings(here, sittingsOf(before)),
    phases: watch.seconds,
  }
}

function shortCatalogue(items: number): string[] {
  return items < listLength ? [`The catalogue has ${items} items: lists are that long instead of ${listLength}.`] : []
}

async function keepData({ folder, data, split: parts }: Context): Promise<void> {
  await writeTable(folder.items, data.dataset.items)
  await writeTable(folder.cases, parts.test)
  await writeTable(folder.validation, parts.validation)
  await writeTable(folder.train, parts.train)
  if (data.world !== undefined) await writeTable(folder.truth, data.world.truth.items)
}
