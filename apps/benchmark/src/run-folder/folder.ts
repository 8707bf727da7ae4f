import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { InvalidInputError } from '@sparc/tables'
import { type Lock, lockFile, lockFolder } from './lock.ts'

/** Makes a folder and everything above it, or says why it can't be. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.W_OK)
  } catch (cause) {
    throw new InvalidInputError('RESULTS_NOT_WRITABLE', {
      what: "The results folder can't be written",
      given: `${resolve(path)}: ${cause instanceof Error ? cause.message : cause}`,
      allowed: 'a folder that this user may create and write',
      next: 'Give another one with --out DIR',
      cause,
    })
  }
}

/** Where things lie in a run folder. */
export interface RunPaths {
  path: string
  name: string
  /** `run.json`: options, versions, fingerprints, timings. */
  run: string
  metrics: string
  items: string
  cases: string
  validation: string
  train: string
  truth: string
  report: string
  /** Folder of one row; the first seed lies in it, further ones below. */
  row(name: string, seed: number, first: boolean): string
}

/** A run folder that this process has locked. */
export interface RunFolder extends RunPaths {
  lock: Lock
}

/**
 * The folder of a run by the name that it is given, which may have folders in it: `study/books`.
 *
 * @throws InvalidInputError `RUN_OUTSIDE` where it would not lie below the results folder
 */
export function runFolder(out: string, name: string): string {
  const path = join(out, name)
  const [first] = relative(out, path).split(sep)
  if (first !== '' && first !== '..') return path
  throw new InvalidInputError('RUN_OUTSIDE', {
    what: `A run lies below the results folder, and this one would ${first === '' ? 'be that folder itself' : 'not'}`,
    given: name,
    allowed: `a name, or a path below ${out}: mine, study/mine`,
    next: 'To write somewhere else, give that folder with --out DIR',
  })
}

/** Opens a run folder for writing and locks it. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  makeFolder(path)
  const lock = await lockFolder(path)
  return { ...runPaths(path), lock }
}

/** The paths of the run in this folder. */
export function runPaths(path: string): RunPaths {
  return {
    path,
    name: basename(path),
    run: join(path, 'run.json'),
    metrics: join(path, 'metrics.json'),
    items: join(path, 'items.arrow'),
    cases: join(path, 'cases.arrow'),
    validation: join(path, 'validation.arrow'),
    train: join(path, 'train.arrow'),
    truth: join(path, 'truth.arrow'),
    report: join(path, 'report.html'),
    row: (name, seed, first) => (first ? join(path, name) : join(path, name, `seed-${seed}`)),
  }
}

/** Deletes a folder that came to nothing: one without anything in it. */
export function removeEmpty(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path)
}

/**
 * Deletes everything in a run folder that this process has locked, but the lock; what is no run is left alone. `run.json` comes
 * last, so that what a kill leaves is still known as a run.
 */
export function emptyRun({ path, run }: RunFolder): void {
  if (!existsSync(run)) return
  for (const entry of readdirSync(path)) {
    if (entry !== lockFile && entry !== basename(run)) rmSync(join(path, entry), { recursive: true })
  }
  rmSync(run)
}
