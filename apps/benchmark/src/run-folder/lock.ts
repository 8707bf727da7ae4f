import { open, readFile, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { InvalidInputError } from '@sparc/tables'

interface Holder {
  pid: number
  host: string
  since: string
}

/** Held while a run writes a folder. */
export interface Lock {
  release(): Promise<void>
}

function alive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Takes a run folder for this process: a file `lock.json` that only one process can create. The lock of a process that
 * is gone is taken over.
 *
 * @throws InvalidInputError `RUN_LOCKED` while another run writes the folder.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, 'lock.json')
  const mine: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(JSON.stringify(mine))
      await file.close()
      return { release: () => unlink(path).catch(() => undefined) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const text = await readFile(path, 'utf8').catch(() => '')
    const holder = parseHolder(text)
    if (holder !== undefined && alive(holder)) throw locked(folder, holder)
    await unlink(path).catch(() => undefined)
  }
  throw locked(folder, undefined)
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder>
    return typeof value.pid === 'number' && typeof value.host === 'string' ? (value as Holder) : undefined
  } catch {
    return undefined
  }
}

function locked(folder: string, holder: Holder | undefined): InvalidInputError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`
  return new InvalidInputError('RUN_LOCKED', {
    what: 'Another run is writing this folder',
    given: `${folder}, held by ${who}`,
    allowed: 'one run at a time in a folder',
    next: 'Wait for it, or give this run a folder of its own with --run NAME',
  })
}
