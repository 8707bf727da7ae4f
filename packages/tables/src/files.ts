import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidFileError } from './errors.ts'

function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
}

/** Makes a rename survive a power cut. Some file systems cannot sync a folder; they are left to their own ways. */
async function syncFolder(directory: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    if (errorCode(error) !== 'EISDIR' && errorCode(error) !== 'EPERM' && errorCode(error) !== 'EINVAL') throw error
  } finally {
    await handle?.close()
  }
}

function writeFailed(path: string, error: unknown): InvalidFileError {
  const full = errorCode(error) === 'ENOSPC'
  return new InvalidFileError(full ? 'NO_SPACE' : 'NOT_WRITABLE', {
    what: full ? 'The disk is full; what stood there before is unchanged' : 'The file cannot be written',
    given: path,
    allowed: 'a path in a folder that can be written to',
    next: full
      ? 'Free some space and save again.'
      : `Check that the folder exists and its permissions (${errorCode(error)}).`,
    cause: error,
  })
}

/** A name beside `path` that no other write takes. */
const temporaryOf = (path: string) => `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`

/** The name that a temporary file of `writeFileAtomic` was to take; undefined where it is no such file. */
export function targetOfTemporary(name: string): string | undefined {
  return /^(.+)\.\d+-[0-9a-f]{8}\.tmp$/s.exec(name)?.[1]
}

/**
 * Writes a file so that a kill at any moment leaves the old content or the new, never a part: a temporary file beside
 * it is written, synced and renamed over it. Missing folders are made.
 *
 * @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE`
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = temporaryOf(path)
  try {
    await mkdir(dirname(path), { recursive: true })
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw writeFailed(path, error)
  }
}

/** Reads a whole file. @throws InvalidFileError `NO_SUCH_FILE`, `NOT_READABLE` */
export async function readFileChecked(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT'
    throw new InvalidFileError(missing ? 'NO_SUCH_FILE' : 'NOT_READABLE', {
      what: missing ? 'There is no such file' : 'The file cannot be read',
      given: path,
      next: missing ? 'Check the path.' : `Check its permissions (${errorCode(error)}).`,
      cause: error,
    })
  }
}
