import { RecordBatchFileWriter, type Table, tableFromIPC } from 'apache-arrow'
import { InvalidFileError } from './errors.ts'
import { readFileChecked, writeFileAtomic } from './files.ts'

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

/** The bytes of an Arrow IPC file. */
export function encodeTable(table: Table): Uint8Array {
  return RecordBatchFileWriter.writeAll(table).toUint8Array(true)
}

/** Writes an Arrow IPC file atomically. @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE` */
export async function writeTable(path: string, table: Table): Promise<void> {
  await writeFileAtomic(path, encodeTable(table))
}
