export type { Dataset, PreparationCounts, PreparationOptions, PublishedSplit } from './dataset.ts'
export { fingerprint } from './dataset.ts'
export type { Split } from './splits/split.ts'
export { type SplitByUserOptions, splitByUser } from './splits/split-by-user.ts'
