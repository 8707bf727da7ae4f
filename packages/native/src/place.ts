import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { NativeError } from './errors.ts'
import { linkInto, readJson, writeAtomically } from './files.ts'
import { probeAddon } from './probe.ts'

const recordName = 'sparc-native.json'

/** What was put into a package, written last: without it what lies there is not ours, or not whole. */
export interface Placed {
  source: string
  files: { path: string; size: number }[]
}

/** A file (or folder, linked only) to put into a package: linked from the cache (large) or copied (small). */
export interface Placing {
  from: string
  to: string
  how: 'link' | 'copy'
}

/**
 * Puts files into a package's folder, the addon last, and loads it there. A kill at any moment, or an addon that does
 * not load (`LOAD_FAILED`), leaves the package without a record, so that it is done again.
 */
export async function place(directory: string, source: string, placings: Placing[], probe: string): Promise<void> {
  await rm(join(directory, recordName), { force: true })
  const files: Placed['files'] = []
  for (const { from, to, how } of placings) {
    const target = join(directory, to)
    if (how === 'link') await linkInto(from, target)
    else await writeAtomically(target, await readFile(from))
    files.push({ path: to, size: (await stat(target)).size })
  }
  const addon = join(directory, placings.at(-1)!.to)
  const result = await probeAddon(addon, probe)
  if (!result.works) {
    await rm(addon, { force: true })
    throw new NativeError('LOAD_FAILED', { what: `${addon} was put in place but does not load: ${result.problem}` })
  }
  await writeAtomically(join(directory, recordName), JSON.stringify({ source, files }, undefined, 1))
}

/** What we have put into a package, or undefined where nothing, or not all of it, is there. */
export async function placed(directory: string): Promise<Placed | undefined> {
  const record = (await readJson(join(directory, recordName))) as Placed | undefined
  if (record === undefined || !Array.isArray(record.files)) return undefined
  for (const file of record.files) {
    const found = await stat(join(directory, file.path)).catch(() => undefined)
    if (found?.size !== file.size) return undefined
  }
  return record
}
