import { basename } from 'node:path'
import { type BrokenLines, checkBroken, EXAMPLES } from './broken-lines.ts'
import { checkColumns, holdsDates, required, type SourceColumn, type SourceReport } from './columns.ts'
import { type Database, identifier, pathText, text } from './duckdb.ts'
import { emptyFile, inspectFile } from './inspect-file.ts'
import { lineNumbers } from './line-numbers.ts'

export interface CsvOptions {
  columns: SourceColumn[]
  /** The names of the columns where the file has no header line. */
  header?: readonly string[]
  delimiter?: string
  /** Between the entries of a list. */
  separator?: string
  /** The largest share of lines that may be broken. */
  maxBroken: number
}

/** The fields of a header line; names may be quoted. */
export function splitHeader(line: string, delimiter: string): string[] {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (c === '"' && quoted && line[i + 1] === '"') field += line[++i]
    else if (c === '"') quoted = !quoted
    else if (c === delimiter && !quoted) {
      fields.push(field)
      field = ''
    } else field += c
  }
  return [...fields, field].map((name) => name.trim())
}

const TYPES = { text: 'VARCHAR', number: 'DOUBLE', time: 'DOUBLE', texts: 'VARCHAR' }

function selection(column: SourceColumn, present: readonly string[], dates: boolean, separator: string): string {
  const type = column.type === 'texts' ? 'VARCHAR[]' : TYPES[column.type]
  if (column.from === null || !present.includes(column.from)) return `NULL::${type} AS ${column.as}`
  const name = identifier(column.from)
  if (column.type === 'texts') {
    return `list_filter(string_split(coalesce(${name}, ''), ${text(separator)}), word -> word <> '') AS ${column.as}`
  }
  return `${column.type === 'time' && dates ? `epoch_ms(${name})::DOUBLE` : name} AS ${column.as}`
}

/**
 * Reads a CSV file (plain or `.gz`) into a new table of the database, in the order of its lines. Broken lines are left
 * out, counted and reported with their numbers.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 */
export async function readCsv(db: Database, path: string, table: string, options: CsvOptions): Promise<SourceReport> {
  const { columns, header } = options
  const { firstLine, endsWithNewline } = await inspectFile(path)
  const delimiter = options.delimiter ?? ','
  const present = header ?? splitHeader(firstLine, delimiter)
  checkColumns(path, present, columns)
  const layout = `${pathText(path)}, auto_detect = false, header = ${header === undefined}, delim = ${text(delimiter)},
    quote = '"', escape = '"'`
  const all = present.map((name) => `${text(name)}: 'VARCHAR'`).join(', ')
  const time = columns.find(({ type, from }) => type === 'time' && from !== null && present.includes(from))
  const dates =
    time?.from !== undefined &&
    time.from !== null &&
    (await holdsDates(
      db,
      `SELECT ${identifier(time.from)} AS value FROM read_csv(${layout}, columns = {${all}}, ignore_errors = true) LIMIT 100`,
    ))
  const typeOf = (name: string) => {
    const type = columns.find(({ from }) => from === name)?.type ?? 'text'
    return type === 'time' && dates ? 'TIMESTAMP' : TYPES[type]
  }
  const typed = present.map((name) => `${text(name)}: ${text(typeOf(name))}`).join(', ')
  const selected = columns.map((column) => selection(column, present, dates, options.separator ?? '|'))
  const errors = `${table}_errors`
  await db.run(`CREATE TABLE ${table} AS SELECT ${selected.join(', ')} FROM read_csv(${layout},
    columns = {${typed}}, store_rejects = true, rejects_table = ${text(errors)},
    rejects_scan = ${text(`${table}_scans`)}, rejects_limit = 0)`)

  const rejected = await db.rows(`SELECT line, any_value(error_type) FROM ${errors} GROUP BY line ORDER BY line`)
  const lines = Number(await db.one(`SELECT count(*) FROM ${table}`)) + rejected.length
  if (lines === 0) throw emptyFile(path)
  const examples = rejected.slice(0, EXAMPLES).map(([line, reason]) => ({
    line: Number(line),
    reason: String(reason).toLowerCase(),
  }))
  const incomplete = await dropIncomplete(db, table, columns)
  if (incomplete.count > 0) {
    const without = new Set(rejected.map(([line]) => Number(line)))
    const numbers = await lineNumbers(path, incomplete.first, header === undefined, without)
    examples.push(...numbers.map((line) => ({ line, reason: 'empty field' })))
  }
  const broken: BrokenLines = {
    file: basename(path),
    lines,
    broken: rejected.length + incomplete.count,
    examples: examples.sort((a, b) => a.line - b.line).slice(0, EXAMPLES),
  }
  const last = Number(rejected.at(-1)?.[0] ?? -1)
  checkBroken(path, broken, options.maxBroken, !endsWithNewline && last === lines + (header === undefined ? 1 : 0))
  await db.run(`DROP TABLE ${errors}; DROP TABLE ${table}_scans`)
  return { broken, dates }
}

/** Drops the rows that lack a required field, and says how many there were and which were the first. */
export async function dropIncomplete(
  db: Database,
  table: string,
  columns: readonly SourceColumn[],
): Promise<{ count: number; first: number[] }> {
  const tests = required(columns).map(({ as }) => `${as} IS NULL`)
  if (tests.length === 0) return { count: 0, first: [] }
  const lacks = `FROM ${table} WHERE ${tests.join(' OR ')}`
  const rows = await db.rows(`SELECT rowid, count(*) OVER () ${lacks} ORDER BY rowid LIMIT ${EXAMPLES}`)
  if (rows.length > 0) await db.run(`DELETE ${lacks}`)
  return { count: Number(rows[0]?.[1] ?? 0), first: rows.map(([row]) => Number(row)) }
}
