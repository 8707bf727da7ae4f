import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, readFile, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { InvalidInputError } from '@sparc/tables'
import { hashOf } from '../config/hash.ts'

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

/** How often it is tried to have a folder whose lock is stale. */
const ATTEMPTS = 8

/** The file in a folder that says which process writes it. */
export const lockFile = 'lock.json'

/**
 * Takes a run folder for this process: a file `lock.json` that only one process can create. The lock of a process that
 * is gone is taken over.
 *
 * @throws InvalidInputError `RUN_LOCKED` while another run writes the folder, or one on another machine may
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const path = join(folder, lockFile)
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  const mine = JSON.stringify(holder)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await putInPlace(path, mine)) return { release: () => letGo(path, mine) }
    const text = await textOf(path)
    if (text === undefined) continue
    const other = parseHolder(text)
    if (other !== undefined && alive(other)) throw locked(folder, other)
    await takeAway(path, text)
    // Several processes may have found the same stale lock: one of them is going to have the folder.
    await setTimeout(attempt)
  }
  throw locked(folder, undefined)
}

/** A lock that somebody deleted may be another process's by now. */
async function letGo(path: string, mine: string): Promise<void> {
  if ((await textOf(path)) === mine) await unlink(path)
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** What a file says; undefined where it is gone. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a file that is whole as soon as it is there; false where there is one already. */
async function putInPlace(path: string, text: string): Promise<boolean> {
  const whole = `${path}.${randomUUID()}`
  try {
    await writeFile(whole, text)
    await linkOrCopy(whole, path)
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  } finally {
    await unlink(whole).catch(() => undefined)
  }
}

/** Gives a file a second name that is not taken; a copy of it where the file system has no second names. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

/**
 * Takes a stale lock away. One process at a time can give it its other name, and looks again through that name, so that nobody
 * takes away what another one has put in its place since.
 */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${hashOf(stale)}`
  try {
    await linkOrCopy(path, aside)
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    if ((await textOf(aside)) === stale) await unlink(path)
  } finally {
    await unlink(aside)
  }
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
    next: `Wait for it, or give this run a folder of its own with --run NAME; if that process is gone, delete ${join(folder, lockFile)}`,
  })
}
