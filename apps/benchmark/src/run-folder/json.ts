import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@sparc/tables'

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
