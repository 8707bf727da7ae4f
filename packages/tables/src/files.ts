import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RecordBatchFileWriter, type Table, tableFromIPC } from 'apache-arrow'
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

/**
 * Writes a file so that a kill at any moment leaves the old content or the new, never a part: a temporary file beside
 * it is written, synced and renamed over it. Missing folders are made.
 *
 * @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE`
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
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

const FILE_MAGIC = 'ARROW1'

/**
 * Reads an Arrow IPC file or stream, as written by this package, pyarrow, DuckDB or Polars (uncompressed).
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `NOT_READABLE`, `NOT_ARROW` (empty, truncated or another format)
 */
export async function readTable(path: string): Promise<Table> {
  const bytes = await readFileChecked(path)
  const isFile = bytes.subarray(0, 6).toString('latin1') === FILE_MAGIC
  const isWhole = !isFile || bytes.subarray(-6).toString('latin1') === FILE_MAGIC
  let cause: unknown
  if (bytes.length > 0 && isWhole) {
    try {
      const table = tableFromIPC(bytes)
      if (table.schema.fields.length > 0) return table
    } catch (error) {
      cause = error
    }
  }
  throw new InvalidFileError('NOT_ARROW', {
    what: isWhole ? 'The file is not a readable Arrow file' : 'The Arrow file is truncated',
    given: `${path}, ${bytes.length} bytes`,
    allowed: 'an Arrow IPC file or stream, uncompressed',
    next: 'Write it again; from Python: pyarrow.feather.write_feather(table, path, compression="uncompressed").',
    cause,
  })
}

/** Writes an Arrow IPC file atomically. @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE` */
export async function writeTable(path: string, table: Table): Promise<void> {
  await writeFileAtomic(path, RecordBatchFileWriter.writeAll(table).toUint8Array(true))
}
