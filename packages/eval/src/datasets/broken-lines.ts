import { basename } from 'node:path'
import { InvalidFileError } from '@sparc/tables'

/** Lines that could not be used: how many of how many, and the first of them with their numbers. */
export interface BrokenLines {
  file: string
  lines: number
  broken: number
  examples: { line: number; reason: string }[]
}

/** How many examples are kept. */
export const EXAMPLES = 5

function shown({ examples, broken }: BrokenLines): string {
  const first = examples.map(({ line, reason }) => `line ${line} (${reason})`).join(', ')
  return `${first}${broken > examples.length ? ', ...' : ''}`
}

/**
 * Throws when more lines are broken than allowed, or when the last line was cut off.
 *
 * @throws InvalidFileError `BROKEN_LINES`, `TRUNCATED_FILE`
 */
export function checkBroken(path: string, found: BrokenLines, maxBroken: number, cutOff = false): void {
  if (cutOff) {
    throw new InvalidFileError('TRUNCATED_FILE', {
      what: 'A file ends in the middle of its last line',
      given: `${path}: ${shown(found)}`,
      next: 'Download or copy it again.',
    })
  }
  if (found.broken <= maxBroken * found.lines) return
  throw new InvalidFileError('BROKEN_LINES', {
    what: `${found.broken} of ${found.lines} lines of ${basename(path)} cannot be read`,
    given: `${path}: ${shown(found)}`,
    allowed: `a share of at most ${maxBroken} (maxBroken)`,
    next: 'Correct these lines, or allow a larger share with maxBroken.',
  })
}

/** One sentence for the notes of a data set; undefined where nothing was broken. */
export function brokenNote(found: BrokenLines): string | undefined {
  if (found.broken === 0) return undefined
  return `${found.broken} of ${found.lines} lines of ${found.file} could not be read and were left out: ${shown(found)}.`
}
