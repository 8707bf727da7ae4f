import { basename } from 'node:path'
import { InvalidFileError, suggest } from '@sparc/tables'
import type { BrokenLines } from './broken-lines.ts'
import type { Database } from './duckdb.ts'

/** A column to be read: its name in the source, its name in the table, and what it holds. */
export interface SourceColumn {
  /** Null where the source has no such column: it becomes all nulls. */
  from: string | null
  /** As an SQL identifier. */
  as: string
  /** `time` is a number in the source's unit or a date as text; `texts` a list, or text split at the separator. */
  type: 'text' | 'number' | 'time' | 'texts'
  /** Absent columns become nulls instead of an error. */
  optional?: boolean
  /** Rows may lack it; a row without any other column is broken. */
  nullable?: boolean
}

/** Those that every row must have. */
export function required(columns: readonly SourceColumn[]): SourceColumn[] {
  return columns.filter(({ from, optional, nullable }) => from !== null && !optional && !nullable)
}

/** @throws InvalidFileError `MISSING_COLUMN` */
export function checkColumns(path: string, present: readonly string[], columns: readonly SourceColumn[]): void {
  for (const { from, optional } of columns) {
    if (optional || from === null || present.includes(from)) continue
    const near = suggest(from, present)
    throw new InvalidFileError('MISSING_COLUMN', {
      what: `${basename(path)} has no column "${from}"`,
      given: `columns ${present.join(', ')} in ${path}`,
      allowed: `columns ${columns.flatMap((column) => column.from ?? []).join(', ')}`,
      next: near ? `Rename "${near}" to "${from}", or map the columns.` : `Add "${from}", or map the columns.`,
    })
  }
}

/** Whether text values are dates such as `2014-07-23 10:00:00` rather than numbers. */
export async function holdsDates(db: Database, values: string): Promise<boolean> {
  return (
    1 ===
    (await db.one(`SELECT (count(*) > 0 AND count(TRY_CAST(value AS DOUBLE)) = 0
    AND count(TRY_CAST(value AS TIMESTAMP)) > 0)::INTEGER FROM (${values}) WHERE value IS NOT NULL`))
  )
}

/** What reading a source says about it. */
export interface SourceReport {
  broken: BrokenLines
  /** True where the times were dates, and are milliseconds now. */
  dates: boolean
}
