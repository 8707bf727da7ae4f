import { InvalidInputError } from '@sparc/tables'
import type { BrokenLines } from './broken-lines.ts'
import type { SourceColumn, SourceReport } from './columns.ts'
import type { Database } from './duckdb.ts'
import { readArrow } from './read-arrow.ts'
import { readCsv } from './read-csv.ts'
import { readJsonLines } from './read-json-lines.ts'
import { readParquet } from './read-parquet.ts'

export const FORMATS = ['csv', 'jsonl', 'parquet', 'arrow'] as const
export type Format = (typeof FORMATS)[number]

export interface SourceOptions {
  columns: SourceColumn[]
  format?: Format
  header?: readonly string[]
  delimiter?: string
  separator?: string
  maxBroken: number
}

/** The format that a file's name tells. @throws InvalidInputError `UNKNOWN_FORMAT` */
export function formatOf(path: string): Format {
  const name = path.toLowerCase().replace(/\.gz$/, '')
  if (/\.(csv|tsv|txt)$/.test(name)) return 'csv'
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl'
  if (/\.parquet$/.test(name)) return 'parquet'
  if (/\.(arrow|feather|ipc)$/.test(name)) return 'arrow'
  throw new InvalidInputError('UNKNOWN_FORMAT', {
    what: 'The name of a file does not tell its format',
    given: path,
    allowed: '.csv, .tsv, .jsonl, .ndjson, .json (each also with .gz), .parquet, .arrow, .feather',
    next: `Give "format": ${FORMATS.join(', ')}.`,
  })
}

async function readOne(db: Database, path: string, table: string, options: SourceOptions): Promise<SourceReport> {
  switch (options.format ?? formatOf(path)) {
    case 'csv': {
      const tabs = path.toLowerCase().replace(/\.gz$/, '').endsWith('.tsv')
      return readCsv(db, path, table, { ...options, delimiter: options.delimiter ?? (tabs ? '\t' : ',') })
    }
    case 'jsonl':
      return readJsonLines(db, path, table, options)
    case 'parquet':
      return readParquet(db, path, table, options)
    case 'arrow':
      return readArrow(db, path, table, options)
  }
}

/**
 * Reads columns of one or several files, one after the other, into a new table of the database.
 *
 * @throws InvalidInputError `UNKNOWN_FORMAT`
 * @throws InvalidFileError as the reader of the format does
 */
export async function readSource(
  db: Database,
  paths: readonly string[],
  table: string,
  options: SourceOptions,
): Promise<{ broken: BrokenLines[]; dates: boolean }> {
  const reports: SourceReport[] = []
  for (const [k, path] of paths.entries()) {
    reports.push(await readOne(db, path, k === 0 ? table : `${table}_${k}`, options))
    if (k > 0) await db.run(`INSERT INTO ${table} SELECT * FROM ${table}_${k} ORDER BY rowid; DROP TABLE ${table}_${k}`)
  }
  return { broken: reports.map(({ broken }) => broken), dates: reports.some(({ dates }) => dates) }
}
