import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { InvalidFileError } from '@sparc/tables'

/** What is known of a text file once it has been read through. */
export interface FileInspection {
  firstLine: string
  /** Whether the last line has its line break; a file that was cut off mostly has none. */
  endsWithNewline: boolean
  bytes: number
}

/**
 * Makes sure that a text file (plain or `.gz`) is there, is not empty, and, where compressed, is whole: DuckDB reads a
 * gzip file that was cut off without a word.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`
 */
export async function inspectFile(path: string): Promise<FileInspection> {
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
  const compressed = path.endsWith('.gz')
  let head = ''
  let bytes = 0
  let last = 0
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!head.includes('\n') && head.length < 1_000_000) head += chunk.toString('utf8')
      bytes += chunk.length
      if (chunk.length > 0) last = chunk[chunk.length - 1]
      // Nothing but the head and the end matters of a plain file, but both come from one pass.
      done()
    },
  })
  if (found.size > 0) {
    try {
      if (compressed) await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), createGunzip(), sink)
      else await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), sink)
    } catch (cause) {
      throw new InvalidFileError('TRUNCATED_FILE', {
        what: 'A compressed file is damaged or ends too early',
        given: `${path} (${found.size} bytes)`,
        allowed: 'a whole gzip file',
        next: 'Download or copy it again.',
        cause,
      })
    }
  }
  if (bytes === 0) {
    throw new InvalidFileError('EMPTY_FILE', {
      what: 'A file of the data set is empty',
      given: path,
      next: 'Download or copy it again.',
    })
  }
  const firstLine = head
    .split('\n', 1)[0]
    .replace(/^\uFEFF/, '')
    .replace(/\r$/, '')
  return { firstLine, endsWithNewline: last === 10, bytes }
}
