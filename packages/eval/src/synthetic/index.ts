export { type Marginals, marginals } from './marginals.ts'
export { beautyWorld, type SyntheticWorldOptions } from './options.ts'
export { makeSyntheticWorld, type SyntheticWorld } from './synthetic-world.ts'
export type { GroundTruth } from './truth.ts'
