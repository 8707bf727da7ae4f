import { basename } from 'node:path'
import { type BrokenLines, checkBroken, EXAMPLES } from './broken-lines.ts'
import { emptyFile, inspectFile } from './inspect-file.ts'
import { linesOf } from './line-numbers.ts'

export function noBrokenLines(path: string): BrokenLines {
  return { file: basename(path), lines: 0, broken: 0, examples: [] }
}

/**
 * The lines of a text file (plain or `.gz`) as `parse` understands them: for formats that DuckDB does not know. Lines on
 * which it throws, or gives undefined (`reason` says what that means), are counted in `broken`.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `BROKEN_LINES`, the last two at the end
 */
export async function* parsedLines<T>(
  path: string,
  parse: (line: string) => T | undefined,
  reason: string,
  maxBroken: number,
  broken: BrokenLines,
): AsyncGenerator<T> {
  const { endsWithNewline } = await inspectFile(path)
  let number = 0
  let lastBroken = 0
  for await (const line of linesOf(path)) {
    number++
    if (line === '') continue
    broken.lines++
    let value: T | undefined
    let fault = reason
    try {
      value = parse(line)
    } catch (error) {
      fault = error instanceof Error ? error.message : reason
    }
    if (value !== undefined) yield value
    else {
      broken.broken++
      lastBroken = number
      if (broken.examples.length < EXAMPLES) broken.examples.push({ line: number, reason: fault })
    }
  }
  if (broken.lines === 0) throw emptyFile(path)
  checkBroken(path, broken, maxBroken, !endsWithNewline && lastBroken === number)
}
