import { basename } from 'node:path'
import { type Experiment, type Row, rowName } from '../config/schema.ts'
import { allOptions, isLearned } from './systems.ts'

/** Steps and vectors of a system that says nothing of them, as systems of other packages. */
const STEPS = 1500
const DIM = 128

/**
 * Seconds on Amazon Beauty on two cores with nothing else to do: of a step of 512 with vectors of `DIM`, and of all that is
 * neither a step nor a validation (lists, metrics).
 */
const costs: Readonly<Record<string, { step: number; besides: number }>> = {
  popularity: { step: 0, besides: 1 },
  'item-knn': { step: 0, besides: 2 },
  ease: { step: 0, besides: 2 },
  als: { step: 0, besides: 2 },
  'two-tower': { step: 0.03, besides: 2 },
  'comirec-sa': { step: 0.06, besides: 3 },
  'comirec-dr': { step: 0.15, besides: 3 },
  mind: { step: 0.07, besides: 3 },
  remi: { step: 0.08, besides: 3 },
  sasrec: { step: 0.15, besides: 3 },
  gemirec: { step: 0.2, besides: 4 },
  sparc: { step: 0.143, besides: 4 },
}
const unknown = { step: 0.1, besides: 3 }

/** Seconds of validation on Amazon Beauty for each step: they are few, and each scores the whole catalogue for its users. */
const VALIDATION = 0.009

/** A step takes so much longer with vectors `m` times as long: `m ** WIDTH`. */
const WIDTH = 0.9

/** Seconds of building the shards of a system with codes on Amazon Beauty, and of searching them in every way. */
const INDEX = 30
const coded = new Set(['sparc', 'gemirec'])

/** Seconds of what is solved and not trained on Amazon Beauty, and the power of the catalogue's size with which they grow. */
const solved: Readonly<Record<string, { seconds: number; power: number }>> = {
  ease: { seconds: 75, power: 2.3 },
  als: { seconds: 45, power: 1 },
}

/** Items and test users of the data sets as multiples of Amazon Beauty's. */
const sizes: Readonly<Record<string, Size>> = {
  'amazon-sports-2014': { items: 1.5, users: 1.6 },
  'amazon-books-2014': { items: 2.1, users: 3.2 },
  'amazon-multi': { items: 16, users: 3 },
}
interface Size {
  items: number
  users: number
}

/** Users that are asked, as multiples of those that "by user" asks. */
const asked: Readonly<Record<Experiment['split'], number>> = { 'by-user': 1, 'leave-one-out': 10, 'by-time': 3 }

const worlds: Readonly<Record<Experiment['world'], Size>> = {
  tiny: { items: 0.02, users: 0.02 },
  small: { items: 0.12, users: 0.13 },
  default: { items: 1, users: 1 },
}

/** The size of a data set given by its name, by its short name (`books`) or by a path; Amazon Beauty's where it is not known. */
function sizeOf({ dataset, world }: Pick<Experiment, 'dataset' | 'world'>): Size {
  if (dataset === 'synthetic') return worlds[world]
  const name = basename(dataset)
  const known = Object.keys(sizes).find((each) => each === name || each.split('-').includes(name))
  return known === undefined ? { items: 1, users: 1 } : sizes[known]
}

/** An option of a system as it is after all defaults, where it is a number. */
function numberOf(options: object, name: string): number | undefined {
  const value: unknown = Reflect.get(options, name)
  return typeof value === 'number' ? value : undefined
}

/** Roughly how many seconds one row takes with one seed: to be said before it begins. */
export function secondsOf(row: Row, experiment: Experiment): number {
  const { split, fit, index } = experiment
  const { items, users } = sizeOf(experiment)
  const lists = items * users * asked[split]
  const system = row.system ?? ''
  if (row.recommendations !== undefined) return costs.popularity.besides * lists
  const { step, besides } = costs[system] ?? unknown
  const sharded = coded.has(system) && (index.rows?.includes(rowName(row)) ?? true)
  const around = (besides + (sharded ? INDEX : 0)) * lists
  if (row.system !== undefined && !isLearned(system)) {
    const { seconds, power } = solved[system] ?? { seconds: 0, power: 1 }
    return seconds * items ** power + around
  }
  const options = allOptions(row, fit.options) ?? { ...fit.options, ...row.options }
  const steps = fit.steps ?? numberOf(options, 'steps') ?? STEPS
  const width = ((numberOf(options, 'dim') ?? DIM) / DIM) ** WIDTH
  const training = steps * (step * width + VALIDATION * lists)
  return Math.min(fit.seconds ?? Number.POSITIVE_INFINITY, training) + around
}
