import { join } from 'node:path'
import { writeTable } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { Views } from '../run-folder/results.ts'
import type { Context } from './context.ts'
import { measure, valuesOf } from './measure.ts'

/** Length of the lists that are kept. */
export const listLength = 100

/** Writes both kinds of lists and the values per user beside them, and gives the means. */
export async function keepAndMeasure(
  { bench, watch }: Context,
  filtered: Table,
  unfiltered: Table,
  at: string,
): Promise<Views> {
  await writeTable(join(at, 'recommendations.arrow'), filtered)
  await writeTable(join(at, 'recommendations-unfiltered.arrow'), unfiltered)
  const headline = await watch.time('evaluate', () => measure(filtered, bench, true))
  const other = await watch.time('evaluate', () => measure(unfiltered, bench, false))
  if (headline.perCase !== undefined) await writeTable(join(at, 'users.arrow'), headline.perCase)
  return { filtered: valuesOf(headline), unfiltered: valuesOf(other) }
}
