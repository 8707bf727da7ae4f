import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { InvalidInputError, suggest } from '@sparc/tables'
import { isObject } from '../config/is-object.ts'
import { type RunPaths, runPaths } from './folder.ts'
import { readWhole } from './json.ts'
import type { MetricsFile, RowResult, RunFile } from './results.ts'
import { readStudy, studyFolder } from './studies.ts'

/** A run as it lies in its folder. */
export interface SavedRun {
  paths: RunPaths
  run: RunFile
  rows: RowResult[]
}

/** Names of the runs below a results folder, sorted; studies hold theirs one folder deeper. */
export function runNames(out: string): string[] {
  const below = (folder: string): string[] =>
    statSync(folder, { throwIfNoEntry: false })?.isDirectory()
      ? readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => entry.name)
      : []
  const isRun = (name: string) => existsSync(join(out, name, 'run.json'))
  return below(out)
    .flatMap((name) => (isRun(name) ? [name] : below(join(out, name)).map((inner) => `${name}/${inner}`)))
    .filter(isRun)
    .sort()
}

/**
 * `run.json` of the run in a folder; undefined where there is none.
 *
 * @throws InvalidFileError `DAMAGED_RUN`
 */
export function readRun(path: string): Promise<RunFile | undefined> {
  const parts = ['dataset', 'split', 'experiment']
  return readWhole<RunFile>(
    runPaths(path).run,
    (value) => isObject(value) && parts.every((part) => isObject(value[part])),
  )
}

async function rowsIn(path: string): Promise<RowResult[]> {
  const isWhole = (value: unknown) => isObject(value) && Array.isArray(value.rows)
  return (await readWhole<MetricsFile>(runPaths(path).metrics, isWhole))?.rows ?? []
}

/**
 * Opens a run given by its name below the results folder, or by a path.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`; `EXPORTED_RUN` for a folder that `benchmark export` wrote
 * @throws InvalidFileError `DAMAGED_RUN`
 */
export async function openRun(given: string, out: string): Promise<SavedRun> {
  const places = [join(out, given), given]
  const path = places.find((each) => existsSync(join(each, 'run.json')))
  const exported = path === undefined ? places.find(isExport) : isExport(path) ? path : undefined
  if (exported !== undefined) throw exportedRun(exported)
  const run = path === undefined ? undefined : await readRun(path)
  if (path === undefined || run === undefined) throw unknownRun(given, out)
  const rows = await rowsIn(path)
  if (rows.length > 0) return { paths: runPaths(path), run, rows }
  throw new InvalidInputError('UNKNOWN_RUN', {
    what: 'This run has no finished system yet',
    given,
    allowed: 'a run with at least one finished system and seed',
    next: `Run its configuration again: the same command (${run.command}) goes on from there`,
  })
}

/** Whether a folder is what `export` writes of a run, or of all of them: tables and figures, without rows to compute with. */
function isExport(path: string): boolean {
  const has = (file: string) => existsSync(join(path, file))
  return has('README.md') && (has('run.json') ? has('leaderboard.csv') && !has('metrics.json') : has('ledger.md'))
}

function exportedRun(path: string): InvalidInputError {
  return new InvalidInputError('EXPORTED_RUN', {
    what: 'This folder is an export: it has the tables and figures of a run, and not the rows that they were made from',
    given: path,
    allowed: 'the run folder that it was exported from',
    next: 'Give that folder, or run the configuration again by the command in its README.md',
  })
}

/** Names of runs are looked for below the results folder, and beside the path that was given. */
function unknownRun(given: string, out: string): InvalidInputError {
  const names = runNames(out)
  const folder = dirname(given)
  const beside = folder === '.' ? [] : runNames(folder).map((name) => join(folder, name))
  const short = suggest(
    basename(given),
    names.map((name) => basename(name)),
  )
  const near = suggest(given, [...names, ...beside]) ?? names.find((name) => basename(name) === short)
  return new InvalidInputError('UNKNOWN_RUN', {
    what: 'There is no such run',
    given,
    allowed: names.length > 0 ? names.join(', ') : `none yet in ${out}`,
    next: near === undefined ? 'See `benchmark list`' : `Did you mean ${near}?`,
  })
}

/** Runs, and the experiments of their studies that have nothing to show yet. */
export interface OpenedRuns {
  runs: SavedRun[]
  missing: string[]
}

/**
 * The runs that were named, or all of a results folder that have a finished system; a study stands for its runs.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`
 */
export async function openRuns(names: readonly string[], out: string): Promise<OpenedRuns> {
  const runs: SavedRun[] = []
  const missing: string[] = []
  for (const name of names.length > 0 ? names : runNames(out)) {
    const study = studyFolder(name, out)
    if (study === undefined) {
      if (names.length > 0 || (await rowsIn(join(out, name))).length > 0) runs.push(await openRun(name, out))
      continue
    }
    const { name: called = basename(study), experiments = [] } = (await readStudy(study)) ?? {}
    for (const experiment of experiments) {
      const path = join(study, experiment)
      if ((await rowsIn(path)).length > 0) runs.push(await openRun(path, out))
      else missing.push(`${called}/${experiment}`)
    }
  }
  if (names.length > 0 && runs.length === 0) await openRun(names[0], out)
  return { runs, missing }
}
