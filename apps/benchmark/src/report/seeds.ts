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

/**
 * The seeds that were run, in words: `1, 2, 3`, and where rows differ which has which: `1, 2 of sparc, mind; 1 of als; no seed changes ease`.
 */
export function seedsRun(
  experiment: Pick<Experiment, 'systems'>,
  rows: readonly Pick<RowResult, 'name' | 'seed'>[],
): string {
  const seedsOf = (name: string) => rows.filter((row) => row.name === name).map(({ seed }) => seed)
  const groups = new Map<string, string[]>()
  for (const name of experiment.systems.filter(dependsOnSeed).map(rowName)) {
    const seeds = seedsOf(name).join(', ')
    if (seeds !== '') groups.set(seeds, [...(groups.get(seeds) ?? []), name])
  }
  const fixed = experiment.systems.filter((row) => !dependsOnSeed(row)).map(rowName)
  const once = fixed.filter((name) => seedsOf(name).length > 0)
  if (groups.size === 0) return once.length > 0 ? 'one, as none changes anything' : 'none'
  const [first] = groups.keys()
  const each = groups.size === 1 ? [first] : [...groups].map(([seeds, names]) => `${seeds} of ${names.join(', ')}`)
  const several = [...groups.keys()].some((seeds) => seeds.includes(','))
  return [...each, ...(several && once.length > 0 ? [`no seed changes ${once.join(', ')}`] : [])].join('; ')
}

/** Rows that have one seed only in a sentence, for below a table of tests; empty where there is nothing to say. */
export function seedNote(experiment: Pick<Experiment, 'systems'>, rows: readonly RowResult[]): string {
  const names = onOneSeed(experiment, rows)
  if (names.length === 0) return ''
  const learned = experiment.systems.filter(dependsOnSeed).map(rowName)
  const all = learned.filter((name) => rows.some((row) => row.name === name)).length === names.length
  return `${all ? 'One seed' : `One seed of ${names.join(', ')}`}: what another seed would change is not in p.`
}
