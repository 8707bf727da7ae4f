import type { Dataset } from '@sparc/eval/datasets'
import { openDataset, readDataset } from '@sparc/eval/datasets'
import type { SyntheticWorld } from '@sparc/eval/synthetic'
import type { Experiment } from '../config/schema.ts'
import { isSavedDataset, type Located } from '../data/locate.ts'
import { syntheticWorld } from './world.ts'

/** The prepared data, and for a synthetic world what is true of it. */
export interface Data {
  dataset: Dataset
  /** The same where it is a synthetic world, with what only its maker knows. */
  world?: SyntheticWorld
}

/** First stage: from a folder (through DuckDB) or the synthetic world to items and interactions. */
export async function openData(experiment: Experiment, located: Located): Promise<Data> {
  if (located.kind === 'synthetic') return syntheticWorld(experiment)
  if (isSavedDataset(located.path)) return { dataset: await openDataset(located.path) }
  return { dataset: await readDataset({ directory: located.path, seed: experiment.splitSeed }) }
}
