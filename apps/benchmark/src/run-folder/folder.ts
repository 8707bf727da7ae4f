import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { InvalidInputError } from '@sparc/tables'
import { type Lock, lockFolder } from './lock.ts'

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

/** Whether something lies at this path that is no run of ours. */
export function isForeign(path: string): boolean {
  return existsSync(path) && !existsSync(join(path, 'run.json')) && !existsSync(join(path, 'lock.json'))
}

/** Deletes a folder that came to nothing: one without anything in it. */
export function removeEmpty(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path)
}

/** Deletes a run. */
export function removeRun(path: string): void {
  if (existsSync(path) && !isForeign(path)) rmSync(path, { recursive: true })
}
