import type { Experiment } from '../config/schema.ts'
import { dependsOnSeed, isLearned } from './systems.ts'

/** Steps that a learned system takes where nothing else is said. */
const STEPS = 1500
/** Seconds of one step of 512 at dim 64 on two cores, and what reading, asking and measuring take besides. */
const SECONDS_PER_STEP = 0.06
const SECONDS_PER_ROW = 25
/** Wide sets have longer lists to score at each validation. */
const ITEMS: Record<string, number> = { 'amazon-books-2014': 2, 'amazon-multi': 8 }

/** Roughly how many seconds an experiment takes on two cores: to be said before it begins. */
export function estimate({ dataset, systems, seeds, fit }: Experiment): number {
  const factor = ITEMS[dataset] ?? 1
  return systems.reduce((sum, row) => {
    const trained = row.system === undefined ? row.recommendations === undefined : isLearned(row.system)
    const training = trained
      ? Math.min(fit.seconds ?? Number.POSITIVE_INFINITY, (fit.steps ?? STEPS) * SECONDS_PER_STEP)
      : 0
    return sum + (training + SECONDS_PER_ROW) * factor * (dependsOnSeed(row) ? seeds.length : 1)
  }, 0)
}
