import type { SyntheticWorldOptions } from '@sparc/eval/synthetic'
import { beautyWorld, makeSyntheticWorld } from '@sparc/eval/synthetic'
import type { Experiment } from '../config/schema.ts'
import type { Data } from './data.ts'

/** Sizes of the synthetic world: of a test, of a smoke run, and like Amazon Beauty. */
const sizes: Record<Experiment['world'], SyntheticWorldOptions> = {
  tiny: { name: 'synthetic-tiny', users: 400, items: 240, interests: 8 },
  small: { name: 'synthetic-small', users: 3000, items: 1500, interests: 24 },
  default: beautyWorld,
}

/** The world that the project makes, the same for the same seed. */
export function syntheticWorld({ world, splitSeed }: Experiment): Data {
  const made = makeSyntheticWorld({ ...sizes[world], seed: splitSeed })
  return { dataset: made, world: made }
}
