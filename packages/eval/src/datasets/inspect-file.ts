import { createReadStream, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { InvalidFileError } from '@sparc/tables'

/** What is known of a text file once it has been looked at. */
export interface FileInspection {
  firstLine: string
  /** Whether the last line has its line break; a file that was cut off mostly has none. */
  endsWithNewline: boolean
}

const NEWLINE = 10
const HEAD = 1 << 20

/**
 * The state of a file that must be there and must not be empty.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`
 */
export async function requireFile(path: string): Promise<Stats> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new InvalidFileError('NO_SUCH_FILE', {
      what: 'A file of the data set is missing',
      given: path,
      next: 'Check the path, or download the data set again.',
      cause,
    })
  })
  if (!found.isFile()) {
    throw new InvalidFileError('NO_SUCH_FILE', { what: 'A file was expected', given: path, next: 'Give a file.' })
  }
  if (found.size === 0) throw emptyFile(path)
  return found
}

export function emptyFile(path: string): InvalidFileError {
  return new InvalidFileError('EMPTY_FILE', {
    what: 'A file of the data set is empty',
    given: path,
    allowed: 'a file with at least one row',
    next: 'Download or copy it again.',
  })
}

function firstLineOf(head: Buffer): string {
  return head
    .toString('utf8')
    .split('\n', 1)[0]
    .replace(/^\uFEFF/, '')
    .replace(/\r$/, '')
}

/** Reads the whole of a gzip file, which is the only way to know that it is whole. */
async function inspectGzip(path: string, size: number): Promise<FileInspection> {
  const heads: Buffer[] = []
  let bytes = 0
  let last = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (bytes < HEAD) heads.push(chunk)
      bytes += chunk.length
      if (chunk.length > 0) last = chunk[chunk.length - 1]
      done()
    },
  })
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), createGunzip({ chunkSize: 1 << 18 }), sink)
  } catch (cause) {
    throw new InvalidFileError('TRUNCATED_FILE', {
      what: 'A compressed file is damaged or ends too early',
      given: `${path} (${size} bytes)`,
      allowed: 'a whole gzip file',
      next: 'Download or copy it again.',
      cause,
    })
  }
  if (bytes === 0) throw emptyFile(path)
  return { firstLine: firstLineOf(Buffer.concat(heads)), endsWithNewline: last === NEWLINE }
}

/**
 * Makes sure that a text file (plain or `.gz`) is there, is not empty, and, where compressed, is whole: DuckDB reads a
 * gzip file that was cut off without a word.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`
 */
export async function inspectFile(path: string): Promise<FileInspection> {
  const { size } = await requireFile(path)
  if (path.endsWith('.gz')) return inspectGzip(path, size)
  const file = await open(path)
  try {
    const head = Buffer.alloc(Math.min(size, HEAD))
    await file.read(head, 0, head.length, 0)
    const tail = Buffer.alloc(1)
    await file.read(tail, 0, 1, size - 1)
    return { firstLine: firstLineOf(head), endsWithNewline: tail[0] === NEWLINE }
  } finally {
    await file.close()
  }
}
