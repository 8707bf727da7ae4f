import { type Experiment, type Row, rowName } from '../config/schema.ts'
import { rowsTogether, together } from '../config/together.ts'
import type { RunPaths } from '../run-folder/folder.ts'
import type { RunFile } from '../run-folder/results.ts'
import { isMade } from './row.ts'
import { fitsOf } from './systems.ts'

/** Names a row with a seed: `sparc with seed 2`. */
export function fitName({ row, seed }: { row: Row; seed: number }): string {
  return `${rowName(row)} with seed ${seed}`
}

/**
 * An experiment with the rows and seeds that its run had before and that are finished, so that a configuration which no longer
 * names them does not take them out of the run's tables. The order is the earlier one, with what is new behind it.
 *
 * @returns the experiment, and the names of finished rows and seeds that it did not name
 */
export function keepEarlier(
  { experiment: before }: Pick<RunFile, 'experiment'>,
  now: Experiment,
  folder: RunPaths,
): { experiment: Experiment; others: string[] } {
  const finished = fitsOf(before).filter(({ row, seed }) => isMade({ experiment: before, folder }, row, seed))
  const named = new Set(fitsOf(now).map(fitName))
  const rows = new Map(now.systems.map((row) => [rowName(row), row]))
  const earlier = before.systems.filter(
    (row) => rows.has(rowName(row)) || finished.some((each) => rowName(each.row) === rowName(row)),
  )
  const seeds = before.seeds.filter((seed) => now.seeds.includes(seed) || finished.some((each) => each.seed === seed))
  return {
    experiment: {
      ...now,
      systems: rowsTogether(
        earlier.map((row) => rows.get(rowName(row)) ?? row),
        now.systems,
      ),
      seeds: together(seeds, now.seeds),
    },
    others: finished.map(fitName).filter((name) => !named.has(name)),
  }
}
