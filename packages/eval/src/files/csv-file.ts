import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidFileError } from '@sparc/tables'
import { CsvError, parse } from 'csv-parse'

/** Names that a column may have in files, most usual first; the first one that a file has is taken. */
export type ColumnNames = Record<string, readonly string[]>

/** One line of a file: its number, and the fields of the columns asked for (undefined where the file lacks the column). */
export interface CsvLine {
  line: number
  fields: Record<string, string | undefined>
  /** All fields under the file's own names. */
  all: Record<string, string>
}

/**
 * Reads a CSV file with a header line (RFC 4180; tabs with `.tsv`; gzipped with `.gz`) line by line.
 * @throws InvalidFileError NO_SUCH_FILE, BROKEN_CSV
 */
export async function* readCsv(path: string, columns: ColumnNames): AsyncGenerator<CsvLine> {
  const plain = path.replace(/\.gz$/, '')
  const parser = parse({
    columns: true,
    bom: true,
    info: true,
    skip_empty_lines: true,
    delimiter: plain.endsWith('.tsv') ? '\t' : ',',
  })
  const steps = plain === path ? [] : [createGunzip()]
  const source = createReadStream(path)
  // Errors of any step end the parser, whose iterator throws them.
  pipeline([source, ...steps, parser], () => {})
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>
      info: { lines: number }
    }>) {
      const fields: CsvLine['fields'] = {}
      for (const [name, aliases] of Object.entries(columns)) {
        const own = aliases.find((alias) => alias in record)
        fields[name] = own === undefined ? undefined : record[own]
      }
      yield { line: info.lines, fields, all: record }
    }
  } catch (cause) {
    throw asFileError(path, cause)
  }
}

function asFileError(path: string, cause: unknown): unknown {
  if (cause instanceof CsvError) {
    return new InvalidFileError('BROKEN_CSV', {
      what: `${path} is not a CSV file with a header line`,
      given: cause.message,
      next: 'Mend the line, or write the file with the CSV module of your language',
      cause,
    })
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'EISDIR') {
    return new InvalidFileError('NO_SUCH_FILE', {
      what: 'There is no such file',
      given: path,
      next: 'Check the path',
      cause,
    })
  }
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') {
    return new InvalidFileError('BROKEN_GZIP', {
      what: `${path} is not a whole gzip file`,
      given: cause instanceof Error ? cause.message : cause,
      next: 'Copy or write it again',
      cause,
    })
  }
  return cause
}
