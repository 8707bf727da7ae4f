import { basename } from 'node:path'
import { type BrokenLines, checkBroken } from './broken-lines.ts'
import { checkColumns, holdsDates, required, type SourceColumn, type SourceReport } from './columns.ts'
import { type Database, pathText, text } from './duckdb.ts'
import { emptyFile, inspectFile } from './inspect-file.ts'
import { lineNumbers } from './line-numbers.ts'
import { dropIncomplete } from './read-csv.ts'

export interface JsonLinesOptions {
  columns: SourceColumn[]
  maxBroken: number
}

/** The value of a top-level key: the whole line is parsed once for all keys. */
function selection(column: SourceColumn, index: number, dates: boolean): string {
  const value = index < 0 ? 'NULL' : `fields[${index + 1}]`
  switch (column.type) {
    case 'text':
      return `nullif(${value}, '') AS ${column.as}`
    case 'number':
      return `TRY_CAST(${value} AS DOUBLE) AS ${column.as}`
    case 'time':
      return `${dates ? `epoch_ms(TRY_CAST(${value} AS TIMESTAMP))::DOUBLE` : `TRY_CAST(${value} AS DOUBLE)`} AS ${column.as}`
    case 'texts':
      return `CASE WHEN json_valid(${value}) THEN TRY_CAST(${value}::JSON AS VARCHAR[]) END AS ${column.as}`
  }
}

/**
 * Reads a file of one JSON object a line (plain or `.gz`) into a new table of the database, in the order of its lines.
 * Lines that are no objects, or lack a required key, are left out, counted and reported with their numbers.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 */
export async function readJsonLines(
  db: Database,
  path: string,
  table: string,
  options: JsonLinesOptions,
): Promise<SourceReport> {
  const { columns } = options
  const { endsWithNewline } = await inspectFile(path)
  const source = `read_json_objects(${pathText(path)}, format = 'newline_delimited', ignore_errors = true)`
  const keys = await db.rows(`SELECT DISTINCT unnest(json_keys(json)) FROM (FROM ${source} LIMIT 1000)
    WHERE json_type(json) = 'OBJECT' ORDER BY 1`)
  const present = keys.map(([key]) => String(key))
  const pathOf = (key: string) => text(`$."${key.replaceAll('"', '\\"')}"`)
  const wanted = columns.flatMap(({ from }) => from ?? [])
  if (present.length > 0) checkColumns(path, present, columns)
  const time = columns.find(({ type }) => type === 'time')?.from
  const dates =
    typeof time === 'string' &&
    (await holdsDates(
      db,
      `SELECT json_extract_string(json, ${pathOf(time)}) AS value FROM ${source} WHERE json IS NOT NULL LIMIT 100`,
    ))
  const selected = columns.map((column) => selection(column, wanted.indexOf(column.from ?? ''), dates))
  await db.run(`CREATE TABLE ${table} AS SELECT ${selected.join(', ')} FROM
    (SELECT json_extract_string(json, [${wanted.map(pathOf).join(', ')}]) AS fields FROM ${source})`)
  const lines = Number(await db.one(`SELECT count(*) FROM ${table}`))
  if (lines === 0) throw emptyFile(path)
  const { count, first } = await dropIncomplete(db, table, columns)
  const numbers = count > 0 ? await lineNumbers(path, first, false, new Set()) : []
  const needed = required(columns).map(({ from }) => from)
  const broken: BrokenLines = {
    file: basename(path),
    lines,
    broken: count,
    examples: numbers.map((line) => ({ line, reason: `no JSON object with ${needed.join(', ')}` })),
  }
  checkBroken(path, broken, options.maxBroken, !endsWithNewline && first.includes(lines - 1))
  return { broken, dates }
}
