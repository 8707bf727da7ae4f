import { readTable } from '@sparc/tables'
import { DataType, Vector } from 'apache-arrow'
import { checkColumns, type SourceColumn, type SourceReport } from './columns.ts'
import { type Cell, type Database, identifier } from './duckdb.ts'
import { requireFile } from './inspect-file.ts'
import { readColumns } from './read-parquet.ts'

function toCell(value: unknown, type: SourceColumn['type']): Cell {
  if (value === null || value === undefined) return null
  if (type === 'texts') return value instanceof Vector ? Array.from(value, String) : [String(value)]
  if (type === 'text') return String(value)
  return typeof value === 'string' ? value : Number(value)
}

function sqlType(column: SourceColumn, vector: Vector): string {
  if (column.type === 'texts') return 'VARCHAR[]'
  const textual =
    DataType.isUtf8(vector.type) || DataType.isLargeUtf8(vector.type) || DataType.isDictionary(vector.type)
  return column.type === 'text' || textual ? 'VARCHAR' : 'DOUBLE'
}

/**
 * Reads an Arrow IPC file into a new table of the database, in the order of its rows.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`, and those of `readTable`
 */
export async function readArrow(
  db: Database,
  path: string,
  table: string,
  options: { columns: SourceColumn[]; maxBroken: number },
): Promise<SourceReport> {
  await requireFile(path)
  const arrow = await readTable(path)
  const present = arrow.schema.fields.map((field) => field.name)
  checkColumns(path, present, options.columns)
  const columns = options.columns.flatMap((column) => {
    const vector = column.from === null ? null : arrow.getChild(column.from)
    return vector ? [{ column, vector }] : []
  })
  const staging = `${table}_arrow`
  const described = columns.map(({ column, vector }) => `${identifier(column.from ?? '')} ${sqlType(column, vector)}`)
  await db.run(`CREATE TABLE ${staging} (${described.join(', ')})`)
  const rows = function* (): Iterable<Cell[]> {
    for (let r = 0; r < arrow.numRows; r++)
      yield columns.map(({ column, vector }) => toCell(vector.get(r), column.type))
  }
  await db.append(staging, rows())
  const report = await readColumns(db, path, staging, table, options.columns, options.maxBroken)
  await db.run(`DROP TABLE ${staging}`)
  // Arrow gives timestamps and dates as milliseconds already.
  const isDate = columns.some(
    ({ column, vector }) =>
      column.type === 'time' && (DataType.isTimestamp(vector.type) || DataType.isDate(vector.type)),
  )
  return { ...report, dates: report.dates || isDate }
}
