export type { Dataset, PreparationCounts, PreparationOptions, PublishedSplit } from '../dataset.ts'
export { fingerprint } from '../dataset.ts'
export { findDataDirectory, listDatasets } from './find-data-directory.ts'
export { type ReadDatasetOptions, readDataset } from './read-dataset.ts'
