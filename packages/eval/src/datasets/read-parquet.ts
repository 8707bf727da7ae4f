import { basename } from 'node:path'
import { InvalidFileError, SparcError } from '@sparc/tables'
import { checkBroken } from './broken-lines.ts'
import { checkColumns, holdsDates, type SourceColumn, type SourceReport } from './columns.ts'
import { type Database, identifier, pathText } from './duckdb.ts'
import { emptyFile, requireFile } from './inspect-file.ts'
import { dropIncomplete } from './read-csv.ts'

function selection(column: SourceColumn, type: string | undefined, dates: boolean): string {
  const name = identifier(column.from ?? '')
  const wanted = { text: 'VARCHAR', number: 'DOUBLE', time: 'DOUBLE', texts: 'VARCHAR[]' }[column.type]
  if (type === undefined) return `NULL::${wanted} AS ${column.as}`
  if (column.type === 'time' && dates) return `epoch_ms(TRY_CAST(${name} AS TIMESTAMP))::DOUBLE AS ${column.as}`
  if (column.type === 'texts' && !type.endsWith('[]'))
    return `CASE WHEN ${name} IS NULL THEN [] ELSE [${name}::VARCHAR] END AS ${column.as}`
  return `TRY_CAST(${name} AS ${wanted}) AS ${column.as}`
}

/**
 * Reads columns of an SQL source into a new table: the common part of Parquet and Arrow. `rows` in the report stand for
 * lines, numbered from 1.
 */
export async function readColumns(
  db: Database,
  path: string,
  source: string,
  table: string,
  columns: SourceColumn[],
  maxBroken: number,
): Promise<SourceReport> {
  const described = await db.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`)
  const types = new Map(described.map(([name, type]) => [String(name), String(type)]))
  checkColumns(path, [...types.keys()], columns)
  const time = columns.find((column) => column.type === 'time')
  const timeType = types.get(time?.from ?? '') ?? ''
  const dates =
    /^(TIMESTAMP|DATE)/.test(timeType) ||
    (time !== undefined &&
      timeType === 'VARCHAR' &&
      (await holdsDates(db, `SELECT ${identifier(time.from ?? '')} AS value FROM ${source} LIMIT 100`)))
  const selected = columns.map((column) => selection(column, types.get(column.from ?? ''), dates))
  await db.run(`CREATE TABLE ${table} AS SELECT ${selected.join(', ')} FROM ${source}`)
  const lines = Number(await db.one(`SELECT count(*) FROM ${table}`))
  if (lines === 0) throw emptyFile(path)
  const { count, first } = await dropIncomplete(db, table, columns)
  const examples = first.map((row) => ({ line: row + 1, reason: 'empty field' }))
  const broken = { file: basename(path), lines, broken: count, examples }
  checkBroken(path, broken, maxBroken)
  return { broken, dates }
}

/**
 * Reads a Parquet file into a new table of the database, in the order of its rows.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `DAMAGED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 */
export async function readParquet(
  db: Database,
  path: string,
  table: string,
  options: { columns: SourceColumn[]; maxBroken: number },
): Promise<SourceReport> {
  await requireFile(path)
  try {
    return await readColumns(db, path, `read_parquet(${pathText(path)})`, table, options.columns, options.maxBroken)
  } catch (cause) {
    if (SparcError.isInstance(cause)) throw cause
    throw new InvalidFileError('DAMAGED_FILE', {
      what: 'A Parquet file cannot be read',
      given: path,
      allowed: 'a whole Parquet file',
      next: 'Download or copy it again.',
      cause,
    })
  }
}
