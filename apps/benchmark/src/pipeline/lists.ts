import { join } from 'node:path'
import { interestRecovery } from '@sparc/eval/synthetic'
import { writeTable } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { Values, Views } from '../run-folder/results.ts'
import type { Context } from './context.ts'
import type { Data } from './data.ts'
import { measure, valuesOf } from './measure.ts'

/** Length of the lists that are kept. */
export const listLength = 100

/** Writes both kinds of lists and the values per user beside them, and gives the means. */
export async function keepAndMeasure(
  { bench, watch, data }: Context,
  filtered: Table,
  unfiltered: Table,
  at: string,
): Promise<Views> {
  await writeTable(join(at, 'recommendations.arrow'), filtered)
  await writeTable(join(at, 'recommendations-unfiltered.arrow'), unfiltered)
  const headline = await watch.time('evaluate', () => measure(filtered, bench, true))
  const other = await watch.time('evaluate', () => measure(unfiltered, bench, false))
  if (headline.perCase !== undefined) await writeTable(join(at, 'users.arrow'), headline.perCase)
  return {
    filtered: { ...valuesOf(headline), ...recovered(data, filtered) },
    unfiltered: { ...valuesOf(other), ...recovered(data, unfiltered) },
  }
}

/** On a synthetic world: what the lists serve of the interests that its users are going to have. */
function recovered({ world }: Data, lists: Table): Values {
  if (world === undefined) return {}
  const { recall, freshRecall, precision, freshPrecision } = interestRecovery(lists, world, 50)
  return {
    'future-interests/recall@50': recall,
    'fresh-interests/recall@50': freshRecall,
    'future-interests/precision@50': precision,
    'fresh-interests/precision@50': freshPrecision,
  }
}
