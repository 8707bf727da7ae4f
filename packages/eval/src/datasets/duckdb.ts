import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { CancelledError, InvalidFileError, MissingPeerError, SparcError } from '@sparc/tables'

/** What the importers need of DuckDB: statements, rows, and columns read straight into typed arrays. */
export interface Database {
  run(sql: string): Promise<void>
  /** All rows of a small result. Big integers come back as numbers. */
  rows(sql: string): Promise<Cell[][]>
  /** The first cell of the first row. */
  one(sql: string): Promise<Cell>
  /** Visits every row of a large result without keeping it. */
  each(sql: string, visit: (row: number, cell: (column: number) => Cell) => void): Promise<void>
  /** Reads a large result of numbers into typed arrays, one per column, that are as long as the result. */
  fill(sql: string, columns: (Int32Array | Float64Array)[]): Promise<void>
  /** Appends rows to a table of `VARCHAR`, `DOUBLE` and `VARCHAR[]` columns. */
  append(table: string, rows: Rows): Promise<void>
  close(): void
}

export type Rows = Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>

export type Cell = string | number | boolean | null | Cell[]

/** Limits of one import. */
export interface DatabaseOptions {
  /** What DuckDB may keep in memory (default `'4GB'`); the rest goes to temporary files. */
  memory?: string
  /** A folder for those temporary files (default: one of its own in the system's folder, gone afterwards). */
  temporary?: string
  signal?: AbortSignal
}

let opened = 0

/** A string as an SQL literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** The path of one file as an SQL literal; the characters that DuckDB takes for wildcards stand for themselves. */
export function pathText(path: string): string {
  return text(path.replace(/[*?[]/g, '[$&]'))
}

/** A name as an SQL identifier. */
export function identifier(value: string): string {
  return `"${value.replaceAll('"', '""')}"`
}

function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'object' && 'items' in value && Array.isArray(value.items)) return value.items.map(toCell)
  return String(value)
}

async function load(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api')
  } catch (cause) {
    throw new MissingPeerError('DUCKDB_MISSING', {
      what: 'Reading data sets needs DuckDB, which is not installed',
      next: 'Install it: npm install @duckdb/node-api',
      cause,
    })
  }
}

async function each(connection: DuckDBConnection, sql: string, visit: Parameters<Database['each']>[1]): Promise<void> {
  const result = await connection.stream(sql)
  let first = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const vectors = Array.from({ length: chunk.columnCount }, (_, c) => chunk.getColumnVector(c))
    for (let r = 0; r < chunk.rowCount; r++) visit(first + r, (column) => toCell(vectors[column].getItem(r)))
    first += chunk.rowCount
  }
}

async function fill(connection: DuckDBConnection, sql: string, columns: (Int32Array | Float64Array)[]): Promise<void> {
  const result = await connection.stream(sql)
  let first = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const rows = chunk.rowCount
    for (let c = 0; c < columns.length; c++) {
      const [vector, target] = [chunk.getColumnVector(c), columns[c]]
      for (let r = 0; r < rows; r++) target[first + r] = Number(vector.getItem(r))
    }
    first += rows
  }
}

async function append(connection: DuckDBConnection, table: string, rows: Rows): Promise<void> {
  const { LIST, VARCHAR } = await load()
  const appender = await connection.createAppender(table)
  for await (const row of rows) {
    for (const cell of row) {
      if (typeof cell === 'string') appender.appendVarchar(cell)
      else if (typeof cell === 'number') appender.appendDouble(cell)
      else if (Array.isArray(cell)) appender.appendList(cell.map(String), LIST(VARCHAR))
      else appender.appendNull()
    }
    appender.endRow()
  }
  appender.closeSync()
}

/**
 * A DuckDB of its own, in memory, loaded on demand.
 *
 * @throws MissingPeerError `DUCKDB_MISSING` where `@duckdb/node-api` is not installed
 */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const { DuckDBInstance } = await load()
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memory ?? '4GB',
    temp_directory: options.temporary ?? join(tmpdir(), `sparc-duckdb-${process.pid}-${opened++}`),
  })
  const connection = await instance.connect()
  const interrupt = () => connection.interrupt()
  options.signal?.addEventListener('abort', interrupt)
  const rows = async (sql: string) =>
    (await connection.runAndReadAll(sql)).getRows().map((row) => row.map((value) => toCell(value)))
  return {
    run: async (sql) => {
      await connection.run(sql)
    },
    rows,
    one: async (sql) => (await rows(sql))[0][0],
    each: (sql, visit) => each(connection, sql, visit),
    fill: (sql, columns) => fill(connection, sql, columns),
    append: (table, rows) => append(connection, table, rows),
    close() {
      options.signal?.removeEventListener('abort', interrupt)
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** @throws CancelledError `CANCELLED` */
export function checkSignal(signal: AbortSignal | undefined, cause?: unknown): void {
  if (!signal?.aborted) return
  throw new CancelledError('CANCELLED', {
    what: 'The import was cancelled',
    next: 'Nothing was kept: start it again.',
    cause,
  })
}

/** DuckDB's own errors (`IO Error: ...`) as ours; what else is thrown stays what it is. */
function explained(error: unknown): unknown {
  if (SparcError.isInstance(error) || !(error instanceof Error) || !/^[A-Z][\w -]*Error: /.test(error.message))
    return error
  const full = error.message.startsWith('Out of Memory')
  return new InvalidFileError(full ? 'OUT_OF_MEMORY' : 'IMPORT_FAILED', {
    what: full ? 'DuckDB needs more memory, or more room for temporary files' : 'DuckDB cannot read the data',
    given: error.message.split('\n', 1)[0],
    next: full
      ? 'Give more "memory", or a "temporary" folder with room.'
      : 'Check the file, its header and its format.',
    cause: error,
  })
}

/** Opens a database, uses it and closes it, whatever happens. */
export async function withDatabase<T>(options: DatabaseOptions, use: (database: Database) => Promise<T>): Promise<T> {
  checkSignal(options.signal)
  const database = await openDatabase(options)
  try {
    return await use(database)
  } catch (error) {
    checkSignal(options.signal, error)
    throw explained(error)
  } finally {
    database.close()
  }
}
