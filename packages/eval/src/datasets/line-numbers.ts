import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** The lines of a text file (plain or `.gz`), without their line breaks. */
export function linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
}

/**
 * The line numbers (from 1) of some rows (from 0, rising), where a row is a line that is neither blank, nor the header,
 * nor one of `without`. It reads the file again, so it is for telling where a fault is.
 */
export async function lineNumbers(
  path: string,
  rows: readonly number[],
  header: boolean,
  without: ReadonlySet<number>,
): Promise<number[]> {
  const numbers: number[] = []
  let line = 0
  let row = header ? -2 : -1
  for await (const content of linesOf(path)) {
    if (numbers.length === rows.length) break
    line++
    if (content === '' || without.has(line)) continue
    row++
    if (row === rows[numbers.length]) numbers.push(line)
  }
  return numbers
}
