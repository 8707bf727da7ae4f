import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { InvalidFileError } from '@sparc/tables'

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of somebody else lives, although it must not be touched.
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM'
  }
}

/** A link appears with its content at once, and fails where the name is taken. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(own, String(process.pid))
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Runs `work` while no other process on this machine does it with the same lock file. The lock of a process that is no
 * longer alive counts for nothing.
 *
 * @throws InvalidFileError `LOCKED`
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  if (!(await take(path))) {
    const owner = Number(await readFile(path, 'utf8').catch(() => '0'))
    if (owner > 0 && lives(owner)) {
      throw new InvalidFileError('LOCKED', {
        what: 'Another process is writing this file',
        given: `process ${owner}, lock ${path}`,
        next: 'Wait for it to end, or remove the lock if that process does something else.',
      })
    }
    await rm(path, { force: true })
    if (!(await take(path))) return withLock(path, work)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}
