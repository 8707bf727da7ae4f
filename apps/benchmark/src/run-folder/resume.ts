import { InvalidInputError } from '@sparc/tables'
import { sharedDifferences } from '../config/hash.ts'
import type { RunFile } from './results.ts'

/** What must be equal for two results to stand in one table. */
export function identity(run: RunFile): Record<string, string> {
  return {
    'data set': run.dataset.name,
    'data fingerprint': run.dataset.fingerprint,
    split: `${run.split.kind}, seed ${run.split.seed}, ${run.split.source}`,
    'split fingerprint': run.split.fingerprint,
  }
}

/** Lines that say where two runs differ: `data fingerprint: 1a2b here, 3c4d there`. */
export function differences(here: RunFile, there: RunFile): string[] {
  const [a, b] = [identity(here), identity(there)]
  return Object.keys(a).flatMap((key) => (a[key] === b[key] ? [] : [`${key}: ${a[key]} against ${b[key]}`]))
}

/** Where two runs differ in what all their rows share: data, split, first seed, training options. */
export function runDifferences(before: RunFile, now: RunFile): string[] {
  const differ = differences(before, now)
  return before.hash === now.hash ? differ : [...differ, ...sharedDifferences(before.experiment, now.experiment)]
}

/** @throws InvalidInputError `RUN_MISMATCH` where an interrupted run was of other data or other options */
export function checkSameRun(before: RunFile, now: RunFile, folder: string): void {
  const differ = runDifferences(before, now)
  if (differ.length === 0) return
  throw new InvalidInputError('RUN_MISMATCH', {
    what: `The run in ${folder} can't be continued: it was begun on something else`,
    given: differ.join('; '),
    allowed: 'the same options and the same data as when it was begun',
    next: 'Give this run another name with --run NAME, or delete the old one with --fresh',
  })
}
