import {
  DataType,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  Utf8,
  Vector,
} from 'apache-arrow'
import { strings } from './columns.ts'
import { InvalidFileError } from './errors.ts'
import { readFileChecked, writeFileAtomic } from './files.ts'
import { utf8Column } from './make-columns.ts'

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

/** A file has one dictionary for a column: text that has several, as in joined tables, is written as it is. */
function withOneDictionary(table: Table): Table {
  const several = table.schema.fields.map(({ name, type }) => {
    const words = (table.getChild(name)?.data ?? []).map((data) => data.dictionary?.data[0])
    return DataType.isDictionary(type) && new Set(words).size > 1
  })
  if (!several.includes(true)) return table
  const fields = table.schema.fields.map((field, f) => (several[f] ? field.clone({ type: new Utf8() }) : field))
  const schema = new Schema(fields, table.schema.metadata)
  const batches = table.batches.map(({ data, numRows: length }) => {
    const children = data.children.map((child, f) => {
      if (!several[f]) return child
      const column = { where: `column "${fields[f].name}"`, vector: new Vector([child]) }
      return utf8Column(fields[f].name, strings(column)).data
    })
    return new RecordBatch(schema, makeData({ type: new Struct(fields), length, children }))
  })
  return new Table(schema, batches)
}

/** The bytes of an Arrow IPC file. */
export function encodeTable(table: Table): Uint8Array {
  return RecordBatchFileWriter.writeAll(withOneDictionary(table)).toUint8Array(true)
}

/** Writes an Arrow IPC file atomically. @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE` */
export async function writeTable(path: string, table: Table): Promise<void> {
  await writeFileAtomic(path, encodeTable(table))
}
