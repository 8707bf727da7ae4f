import { type Experiment, type Row, rowName } from '../config/schema.ts'
import { isLearned } from './systems.ts'

/** Steps that a learned system takes at most where nothing else is said. */
const STEPS = 1500

/**
 * Seconds on Amazon Beauty at dim 64 on two cores with nothing else to do: of a step of 512, validation included, and of
 * all that is not a step (lists, metrics, index).
 */
const costs: Readonly<Record<string, { step: number; besides: number }>> = {
  popularity: { step: 0, besides: 1 },
  'item-knn': { step: 0, besides: 2 },
  ease: { step: 0, besides: 5 },
  als: { step: 0, besides: 30 },
  'two-tower': { step: 0.035, besides: 5 },
  'comirec-sa': { step: 0.05, besides: 5 },
  'comirec-dr': { step: 0.07, besides: 5 },
  mind: { step: 0.05, besides: 5 },
  remi: { step: 0.055, besides: 5 },
  sasrec: { step: 0.24, besides: 5 },
  gemirec: { step: 0.07, besides: 10 },
  sparc: { step: 0.12, besides: 10 },
}
const unknown = { step: 0.05, besides: 5 }

/** Seconds of building the shards of a system with codes on Amazon Beauty, and of searching them in every way. */
const INDEX = 20
const coded = new Set(['sparc', 'gemirec'])

/** Seconds of EASE's matrix on Amazon Beauty; they grow with the cube of the catalogue. */
const EASE = 35

/** Items and test users of the data sets as multiples of Amazon Beauty's. */
const sizes: Readonly<Record<string, { items: number; users: number }>> = {
  'amazon-sports-2014': { items: 1.5, users: 1.6 },
  'amazon-books-2014': { items: 2.1, users: 3.2 },
  'amazon-multi': { items: 16, users: 3 },
}

/** Users that are asked, as multiples of those that "by user" asks. */
const asked: Readonly<Record<Experiment['split'], number>> = { 'by-user': 1, 'leave-one-out': 10, 'by-time': 3 }

const worlds: Readonly<Record<Experiment['world'], { items: number; users: number }>> = {
  tiny: { items: 0.02, users: 0.02 },
  small: { items: 0.12, users: 0.13 },
  default: { items: 1, users: 1 },
}

/** Share of a step's time that goes into scoring the whole catalogue for validation users, on Amazon Beauty. */
const VALIDATION = 0.1

/** A step takes so much longer with vectors `m` times as long: `m ** WIDTH`. */
const WIDTH = 0.6

/** Roughly how many seconds one row takes with one seed: to be said before it begins. */
export function secondsOf(row: Row, { dataset, world, split, fit, index }: Experiment): number {
  const { items, users } = dataset === 'synthetic' ? worlds[world] : (sizes[dataset] ?? { items: 1, users: 1 })
  const lists = items * users * asked[split]
  const { step, besides } = row.recommendations !== undefined ? costs.popularity : (costs[row.system ?? ''] ?? unknown)
  const width = (Number(row.options.dim ?? fit.options.dim ?? 64) / 64) ** WIDTH
  const steps = fit.steps ?? Number(row.options.steps ?? fit.options.steps ?? STEPS)
  const training = steps * step * width * (1 - VALIDATION + VALIDATION * lists)
  const trained = row.system === undefined || isLearned(row.system)
  const bounded = trained ? Math.min(fit.seconds ?? Number.POSITIVE_INFINITY, training) : 0
  const sharded = coded.has(row.system ?? '') && (index.rows?.includes(rowName(row)) ?? true)
  return bounded + (besides + (sharded ? INDEX : 0)) * lists + (row.system === 'ease' ? EASE * items ** 3 : 0)
}
