import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { InvalidInputError, suggest } from '@sparc/tables'
import { type RunPaths, runPaths } from './folder.ts'
import { readJson } from './json.ts'
import type { MetricsFile, RowResult, RunFile } from './results.ts'
import { experimentsIn, studyFolder } from './studies.ts'

/** A run as it lies in its folder. */
export interface SavedRun {
  paths: RunPaths
  run: RunFile
  rows: RowResult[]
}

/** Names of the runs below a results folder, sorted; studies hold theirs one folder deeper. */
export function runNames(out: string): string[] {
  const below = (folder: string): string[] =>
    existsSync(folder)
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
 * Opens a run given by its name below the results folder, or by a path.
 *
 * @throws InvalidInputError `UNKNOWN_RUN`
 */
export async function openRun(given: string, out: string): Promise<SavedRun> {
  const path = [join(out, given), given].find((each) => existsSync(join(each, 'run.json')))
  const paths = runPaths(path ?? given)
  const run = await readJson<RunFile>(paths.run)
  const metrics = await readJson<MetricsFile>(paths.metrics)
  if (run !== undefined && metrics !== undefined && metrics.rows.length > 0) return { paths, run, rows: metrics.rows }
  const names = runNames(out)
  const near = suggest(basename(given), names)
  throw new InvalidInputError('UNKNOWN_RUN', {
    what: path === undefined ? 'There is no such run' : 'This run has no finished system yet',
    given,
    allowed: names.length > 0 ? names.join(', ') : `none yet in ${out}`,
    next: near === undefined ? 'See `benchmark list`' : `Did you mean ${near}?`,
  })
}

async function hasRows(path: string): Promise<boolean> {
  return ((await readJson<MetricsFile>(runPaths(path).metrics))?.rows.length ?? 0) > 0
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
      if (names.length > 0 || (await hasRows(join(out, name)))) runs.push(await openRun(name, out))
      continue
    }
    for (const experiment of (await experimentsIn(study)) ?? []) {
      const path = join(study, experiment)
      if (await hasRows(path)) runs.push(await openRun(path, out))
      else missing.push(`${basename(study)}/${experiment}`)
    }
  }
  if (names.length > 0 && runs.length === 0) await openRun(names[0], out)
  return { runs, missing }
}
