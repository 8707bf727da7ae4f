import { basename } from 'node:path'
import { InvalidFileError, suggest } from '@sparc/tables'
import { type Database, identifier, text } from './duckdb.ts'
import { inspectFile } from './inspect-file.ts'
import { lineNumbers } from './line-numbers.ts'

/** Lines that could not be used: how many of how many, and the first of them with their numbers. */
export interface BrokenLines {
  file: string
  lines: number
  broken: number
  examples: { line: number; reason: string }[]
}

/** A column to be read: its name in the file, its name in the table, its SQL type. */
export interface CsvColumn {
  from: string
  as: string
  type: 'VARCHAR' | 'DOUBLE'
  /** Absent columns become nulls instead of an error. */
  optional?: boolean
}

export interface CsvOptions {
  columns: CsvColumn[]
  /** The names of the columns where the file has no header line. */
  header?: string[]
  delimiter?: string
  /** The largest share of lines that may be broken (default 0.001). */
  maxBroken?: number
}

const EXAMPLES = 5
let scans = 0

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

function checkColumns(path: string, present: string[], columns: CsvColumn[]): void {
  for (const { from, optional } of columns) {
    if (optional || present.includes(from)) continue
    const near = suggest(from, present)
    throw new InvalidFileError('MISSING_COLUMN', {
      what: `${basename(path)} has no column "${from}"`,
      given: `columns ${present.join(', ')} in ${path}`,
      allowed: `columns ${columns.map((column) => column.from).join(', ')}`,
      next: near ? `Rename "${near}" to "${from}", or map the columns.` : `Add "${from}", or map the columns.`,
    })
  }
}

/** Throws when more lines are broken than allowed, or when the last line was cut off. */
export function checkBroken(path: string, found: BrokenLines, maxBroken: number, cutOff: boolean): void {
  const first = found.examples.map((example) => `line ${example.line} (${example.reason})`).join(', ')
  if (cutOff) {
    throw new InvalidFileError('TRUNCATED_FILE', {
      what: 'A file ends in the middle of its last line',
      given: `${path}: ${first}`,
      next: 'Download or copy it again.',
    })
  }
  if (found.broken <= maxBroken * found.lines) return
  throw new InvalidFileError('BROKEN_LINES', {
    what: `${found.broken} of ${found.lines} lines of ${basename(path)} cannot be read`,
    given: `${path}: ${first}${found.broken > found.examples.length ? ', ...' : ''}`,
    allowed: `a share of at most ${maxBroken} (maxBroken)`,
    next: 'Correct these lines, or allow a larger share with maxBroken.',
  })
}

/**
 * Reads a CSV file (plain or `.gz`) into a new table of the database, in the order of its lines. Broken lines are left
 * out, counted and reported with their numbers.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 */
export async function readCsv(db: Database, path: string, table: string, options: CsvOptions): Promise<BrokenLines> {
  const { firstLine, endsWithNewline } = await inspectFile(path)
  const delimiter = options.delimiter ?? ','
  const present = options.header ?? splitHeader(firstLine, delimiter)
  checkColumns(path, present, options.columns)
  const types = new Map(options.columns.map((column) => [column.from, column.type]))
  const described = present.map((column) => `${text(column)}: ${text(types.get(column) ?? 'VARCHAR')}`).join(', ')
  const selected = options.columns.map(({ from, as, type }) =>
    present.includes(from) ? `${identifier(from)} AS ${as}` : `NULL::${type} AS ${as}`,
  )
  const scan = `${table}_${scans++}`
  const header = options.header === undefined
  await db.run(`CREATE TABLE ${table} AS SELECT ${selected.join(', ')} FROM read_csv(${text(path)},
    auto_detect = false, header = ${header}, delim = ${text(delimiter)}, quote = '"',
    escape = '"', columns = {${described}}, store_rejects = true, rejects_table = ${text(`errors_${scan}`)},
    rejects_scan = ${text(`scan_${scan}`)}, rejects_limit = 0)`)
  const kept = Number(await db.one(`SELECT count(*) FROM ${table}`))
  const rejected = Number(await db.one(`SELECT count(DISTINCT line) FROM errors_${scan}`))
  const errors = await db.rows(
    `SELECT line, any_value(error_type) FROM errors_${scan} GROUP BY line ORDER BY line LIMIT ${EXAMPLES}`,
  )
  const examples = errors.map(([line, reason]) => ({ line: Number(line), reason: String(reason).toLowerCase() }))

  const isIncomplete = options.columns.filter((column) => !column.optional).map(({ as }) => `${as} IS NULL`)
  const incomplete = await db.rows(
    `SELECT rowid, count(*) OVER () FROM ${table} WHERE ${isIncomplete.join(' OR ')} ORDER BY rowid LIMIT ${EXAMPLES}`,
  )
  if (incomplete.length > 0) {
    const lines = await db.rows(`SELECT DISTINCT line FROM errors_${scan}`)
    const rows = incomplete.map(([row]) => Number(row))
    const numbers = await lineNumbers(path, rows, header, new Set(lines.map(([line]) => Number(line))))
    examples.push(...numbers.map((line) => ({ line, reason: 'empty field' })))
    await db.run(`DELETE FROM ${table} WHERE ${isIncomplete.join(' OR ')}`)
  }
  const found: BrokenLines = {
    file: basename(path),
    lines: kept + rejected,
    broken: rejected + Number(incomplete[0]?.[1] ?? 0),
    examples: examples.sort((a, b) => a.line - b.line).slice(0, EXAMPLES),
  }
  if (found.lines === 0) {
    throw new InvalidFileError('EMPTY_FILE', {
      what: 'A file has no rows',
      given: path,
      next: 'Give a file with rows.',
    })
  }
  const last = Number((await db.one(`SELECT max(line) FROM errors_${scan}`)) ?? -1)
  const cutOff = !endsWithNewline && last === found.lines + (header ? 1 : 0)
  checkBroken(path, found, options.maxBroken ?? 0.001, cutOff)
  return found
}
