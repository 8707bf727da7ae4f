import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { InvalidFileError, writeFileAtomic } from '@sparc/tables'

/** Writes JSON atomically, indented; what JSON can't hold (NaN) becomes null. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** Reads JSON; undefined where there is no such file or it is not whole. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/**
 * Reads JSON of a run that is looked at; undefined where there is no such file.
 *
 * @param isWhole whether it has what such a file has
 * @throws InvalidFileError `DAMAGED_RUN` where it is no JSON, or other JSON
 */
export async function readWhole<T>(path: string, isWhole: (value: unknown) => boolean): Promise<T | undefined> {
  if (!existsSync(path)) return undefined
  const value = await readJson<T>(path)
  if (value !== undefined && isWhole(value)) return value
  throw new InvalidFileError('DAMAGED_RUN', {
    what: 'A file of a run is damaged',
    given: `${path}, ${value === undefined ? 'which is no whole JSON' : 'which does not have what it must have'}`,
    next: 'Run its configuration again with --run and the name of its folder: finished systems are kept, and the file is written anew',
  })
}
