import { type Row, rowName } from './schema.ts'

/** Rows of two experiments: all of the first, then those of the second that the first has none of that name for. */
export function rowsTogether(first: readonly Row[], second: readonly Row[]): Row[] {
  const names = new Set(first.map(rowName))
  return [...first, ...second.filter((row) => !names.has(rowName(row)))]
}

/** Each of two lists once, those of the first before what only the second has. */
export function together<T>(first: readonly T[], second: readonly T[]): T[] {
  return [...new Set([...first, ...second])]
}

/** Commands that made a run between them, each once: `benchmark run a; benchmark run b`. */
export function commandsTogether(first: string, second: string): string {
  return together(first.split('; '), second.split('; ')).join('; ')
}
