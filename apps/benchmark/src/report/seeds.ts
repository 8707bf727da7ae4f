import { type Experiment, rowName } from '../config/schema.ts'
import { dependsOnSeed } from '../pipeline/systems.ts'
import type { RowResult } from '../run-folder/results.ts'

/** Rows that another seed could change and that have one only: a test of theirs knows nothing of what it would change. */
function onOneSeed({ systems }: Pick<Experiment, 'systems'>, rows: readonly RowResult[]): string[] {
  const seeds = (name: string) => rows.filter((row) => row.name === name).length
  return systems
    .filter(dependsOnSeed)
    .map(rowName)
    .filter((name) => seeds(name) === 1)
}

/** That in a sentence, for below a table of tests; empty where there is nothing to say. */
export function seedNote(experiment: Pick<Experiment, 'systems'>, rows: readonly RowResult[]): string {
  const names = onOneSeed(experiment, rows)
  if (names.length === 0) return ''
  const learned = experiment.systems.filter(dependsOnSeed).map(rowName)
  const all = learned.filter((name) => rows.some((row) => row.name === name)).length === names.length
  return `${all ? 'One seed' : `One seed of ${names.join(', ')}`}: what another seed would change is not in p.`
}
