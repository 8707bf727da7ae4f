import { createHash } from 'node:crypto'
import type { Experiment, Row } from './schema.ts'

/** JSON with the keys of every object in order, so that equal values have equal text. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, held]) => held !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${stableJson(held)}`).join(',')}}`
}

/** Eight hexadecimal digits that name a value. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex').slice(0, 8)
}

/**
 * What all rows of a run share: data, split, first seed, training options. Rows and further seeds may be added to a run that
 * has begun; what is shared may not change.
 */
function shared(experiment: Experiment): Record<string, unknown> {
  const { dataset, world, split, splitSeed, testUsers, validationUsers, seeds, fit } = experiment
  const data = { dataset, world, split, splitSeed, testUsers, validationUsers }
  return { ...data, 'first seed': seeds[0], fit: decisive(fit) }
}

/** Names what all rows of a run share. */
export function sharedHash(experiment: Experiment): string {
  const { 'first seed': first, ...others } = shared(experiment)
  return hashOf({ ...others, first })
}

/** Where two experiments differ in what all rows of a run share: `first seed: 1 against 2`. */
export function sharedDifferences(before: Experiment, now: Experiment): string[] {
  const [a, b] = [shared(before), shared(now)]
  return Object.keys(a).flatMap((key) => {
    const [left, right] = [stableJson(a[key]), stableJson(b[key])]
    return left === right ? [] : [`${key}: ${left} against ${right}`]
  })
}

/**
 * Names what decides the result of one row; what is said about it decides nothing.
 *
 * @param options all options of its system, defaults too: another version may have others
 * @param content names what is in its file of recommendations, which decides, and not where the file lies
 */
export function rowHash(
  { change: _, ...own }: Row,
  { fit, index }: Experiment,
  options: object | undefined,
  content?: string,
): string {
  const row = content === undefined ? own : { ...own, recommendations: content }
  return hashOf({ row, options, fit: decisive(fit), engine: index.engine, probes: index.probes, merges: index.merges })
}

/** Names a whole experiment, whatever is said about it and its rows. */
export function experimentHash(experiment: Experiment): string {
  return hashOf({ ...experiment, about: '', systems: experiment.systems.map(({ change: _, ...row }) => row) })
}

/** How often training is kept changes nothing of what comes out. */
function decisive({ checkpointEvery: _, ...fit }: Experiment['fit']): object {
  return fit
}
