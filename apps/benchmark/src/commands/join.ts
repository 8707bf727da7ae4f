import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { basename, join as pathOf } from 'node:path'
import { InvalidInputError, writeFileAtomic } from '@sparc/tables'
import { rowHash, stableJson } from '../config/hash.ts'
import { type Experiment, type Row, rowName } from '../config/schema.ts'
import { commandsTogether, rowsTogether, together } from '../config/together.ts'
import { keptRow, resultFile } from '../pipeline/row.ts'
import { fitsOf, optionsOf } from '../pipeline/systems.ts'
import { reportData } from '../report/build.ts'
import { reportPage } from '../report/page.ts'
import { openRunFolder, type RunPaths, runFolder } from '../run-folder/folder.ts'
import { readJson } from '../run-folder/json.ts'
import { keepRows } from '../run-folder/keep-rows.ts'
import type { RowResult, RunFile } from '../run-folder/results.ts'
import { runDifferences } from '../run-folder/resume.ts'
import { openRuns, type SavedRun } from '../run-folder/saved-runs.ts'
import { otherSittings, sittingsOf } from '../run-folder/sittings.ts'
import { joinStudy, studyFolder } from '../run-folder/studies.ts'

/** What lies in a folder of a row beside its files: other seeds, and what training has kept for going on. */
const notOfTheRow = /^(seed-\d+|checkpoint)$/

/**
 * `benchmark join RUN FROM...`: takes the finished rows and seeds of runs of the same experiment into one, so that its
 * table can be made by several processes or machines. What is there already stays, and what only one of them names is named by
 * the whole; of a study, every experiment is joined.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`; `RUNS_DIFFER` where data, split, first seed or training options are others;
 * `ROW_MISMATCH` where a row of one name has other options; `RUN_LOCKED`; `RUN_OUTSIDE`
 */
export async function join(name: string, from: string[], { out }: { out: string }): Promise<void> {
  const to = runFolder(out, name)
  const sources = new Map<string, SavedRun[]>()
  for (const given of from) {
    const { runs } = await openRuns([given], out)
    const study = studyFolder(given, out)
    if (study !== undefined) await joinStudy(study, to)
    for (const source of runs) {
      const path = study === undefined ? to : pathOf(to, basename(source.paths.path))
      sources.set(path, [...(sources.get(path) ?? []), source])
    }
  }
  for (const [path, runs] of sources) await joinRuns(path, runs)
}

async function joinRuns(path: string, sources: readonly SavedRun[]): Promise<void> {
  const folder = await openRunFolder(path)
  try {
    let saved: SavedRun | undefined
    for (const source of sources) saved = await takeIn(folder, source)
    if (saved) await writeFileAtomic(folder.report, reportPage(await reportData([saved])))
  } finally {
    await folder.lock.release()
  }
}

/** Takes the finished rows of one run into a folder. */
async function takeIn(folder: RunPaths, source: SavedRun): Promise<SavedRun> {
  const before = await readJson<RunFile>(folder.run)
  const run = before ?? { ...source.run, name: folder.name, phases: {}, finished: undefined }
  checkJoins(run, source)
  run.experiment = whole(run.experiment, source, folder.path)
  if (before === undefined) await copyData(source.paths, folder)
  run.options = optionsOf(run.experiment)
  const here = { experiment: run.experiment, folder }
  const origin = { experiment: run.experiment, folder: source.paths }
  const made: RowResult[][] = []
  const taken: RowResult[] = []
  for (const { row, seed } of fitsOf(run.experiment)) {
    let rows = await keptRow(here, row, seed)
    if (rows.length === 0) {
      rows = await keptRow(origin, row, seed)
      if (rows.length > 0) {
        await copyFit(source.paths, folder, rows, seed === run.experiment.seeds[0])
        taken.push(rows[0])
      }
    }
    made.push(rows)
  }
  if (taken.length > 0) {
    run.phases = withSpent(run.phases, taken)
    run.command = commandsTogether(run.command, source.run.command)
    run.otherSittings = otherSittings(run, [...sittingsOf(run), ...sittingsOf(source.run)])
  }
  const rows = await keepRows(folder, run, made)
  const there = made.filter((each) => each.length > 0).length
  process.stdout.write(
    `${folder.path}: ${taken.length} taken in from ${source.paths.path}, ${there} of ${made.length} there\n`,
  )
  return { paths: folder, run, rows }
}

/** Phases with what rows that were taken in have spent themselves: of the rest a run knows only what all its rows took together. */
function withSpent(phases: Record<string, number>, taken: readonly RowResult[]): Record<string, number> {
  const sum = { ...phases }
  for (const { seconds } of taken) {
    for (const phase of ['fit', 'recommend'] as const) sum[phase] = (sum[phase] ?? 0) + seconds[phase]
  }
  return sum
}

/**
 * The experiment of a run with the rows and seeds that only a source of it names.
 *
 * @throws InvalidInputError `ROW_MISMATCH` where a row of one name is not the same row
 */
function whole(experiment: Experiment, { run, paths }: SavedRun, path: string): Experiment {
  const ours = new Map(experiment.systems.map((row) => [rowName(row), row]))
  for (const row of run.experiment.systems) {
    const name = rowName(row)
    const mine = ours.get(name)
    if (mine === undefined || sameRow(mine, experiment, row, run.experiment)) continue
    throw new InvalidInputError('ROW_MISMATCH', {
      what: `The run in ${paths.path} can't be joined: both have a row ${name}, and it is not the same row`,
      given: `${stableJson(row)} there, ${stableJson(mine)} in ${path}, each with the index of its run`,
      allowed: 'rows that are equal where their names are, with the same engine, probes and merges',
      next: 'Give one of them another name in its configuration and run it again, or join it into a run of its own',
    })
  }
  return {
    ...experiment,
    systems: rowsTogether(experiment.systems, run.experiment.systems),
    seeds: together(experiment.seeds, run.experiment.seeds),
  }
}

/** Whether two rows of two experiments would come to the same, by one version of their system. */
function sameRow(a: Row, ofA: Experiment, b: Row, ofB: Experiment): boolean {
  return rowHash(a, ofA, undefined) === rowHash(b, ofB, undefined)
}

function checkJoins(run: RunFile, source: SavedRun): void {
  const differ = runDifferences(run, source.run)
  if (differ.length === 0) return
  throw new InvalidInputError('RUNS_DIFFER', {
    what: `The run in ${source.paths.path} can't be joined: it is of something else`,
    given: differ.join('; '),
    allowed: 'runs of one experiment: the same data, split, first seed and training options',
    next: 'Join it into a run of its own',
  })
}

async function copyData(from: RunPaths, to: RunPaths): Promise<void> {
  for (const key of ['items', 'cases', 'validation', 'train', 'truth'] as const) {
    if (existsSync(from[key])) await cp(from[key], to[key])
  }
}

/** Copies what one row and seed made, shards too; the file that says that it is finished comes last. */
async function copyFit(from: RunPaths, to: RunPaths, rows: readonly RowResult[], first: boolean): Promise<void> {
  const [{ name, seed }] = rows
  const finished = (paths: RunPaths) => pathOf(paths.row(name, seed, first), resultFile)
  for (const each of rows) {
    const at = from.row(each.name, seed, first)
    await cp(at, to.row(each.name, seed, first), {
      recursive: true,
      filter: (path) => path === at || (path !== finished(from) && !notOfTheRow.test(basename(path))),
    })
  }
  await cp(finished(from), finished(to))
}
