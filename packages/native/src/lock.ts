import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { NativeError } from './errors.ts'
import type { OnEvent } from './events.ts'

interface Holder {
  token: string
  pid: number
  host: string
  /** When the process began, in clock ticks since boot: tells a process from a later one of the same number. */
  began: string
}

const beatMs = 2_000
const staleMs = 30_000

/**
 * Runs `work` while holding the lock file, one process at a time. A holder that died is noticed: at once where it ran
 * on this machine (its process is gone), else when it has not touched the file for 30 s.
 *
 * The lock saves work; it is not what makes the cache correct. That is the rename that puts a finished entry in place.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { timeoutMs?: number; onEvent?: OnEvent } = {},
): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const mine: Holder = {
    token: randomBytes(8).toString('hex'),
    pid: process.pid,
    host: hostname(),
    began: beginningOf(process.pid) ?? '',
  }
  const until = Date.now() + (options.timeoutMs ?? 30 * 60_000)
  let told = false
  while (!(await create(path, mine))) {
    if (await isStale(path)) {
      await steal(path)
      continue
    }
    if (Date.now() > until) {
      throw new NativeError('LOCK_TIMEOUT', {
        what: `Another process has held ${path} for too long.`,
        next: 'Wait for it, or end it and delete that file.',
      })
    }
    if (!told) options.onEvent?.({ kind: 'step', text: 'Another process is setting this up; waiting for it' })
    told = true
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), beatMs)
  beat.unref()
  try {
    return await work()
  } finally {
    clearInterval(beat)
    if ((await holderOf(path))?.token === mine.token) await rm(path, { force: true })
  }
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    await file.writeFile(JSON.stringify(holder))
    await file.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

async function isStale(path: string): Promise<boolean> {
  const age = await stat(path).then(
    (found) => Date.now() - found.mtimeMs,
    () => undefined,
  )
  if (age === undefined) return false
  if (age > staleMs) return true
  const holder = await holderOf(path)
  // An unreadable file is a holder that is just writing it, or died doing so: its age decides.
  if (holder === undefined || holder.host !== hostname()) return false
  const began = beginningOf(holder.pid)
  return began === undefined || (began !== '' && holder.began !== '' && began !== holder.began)
}

/** Removes a stale lock. A second lock around looking again and removing keeps two thieves from robbing each other. */
async function steal(path: string): Promise<void> {
  const guard = `${path}.steal`
  const age = await stat(guard).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  )
  if (age > staleMs) await rm(guard, { force: true })
  if (!(await create(guard, { token: '', pid: process.pid, host: hostname(), began: '' }))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return
  }
  try {
    if (await isStale(path)) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

/** When a process of this machine began ('' where that is unknown), or undefined when there is none. */
function beginningOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return fields?.[0] === 'Z' ? undefined : (fields?.[19] ?? '')
  } catch {
    return ''
  }
}
