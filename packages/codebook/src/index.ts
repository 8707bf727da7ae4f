export { codebookHealth, drift, type Health, type LevelHealth } from './health.ts'
export type { KMeansOptions } from './k-means.ts'
export {
  createResidualQuantizer,
  type Quantized,
  type ResidualQuantizer,
  type ResidualQuantizerOptions,
} from './residual-quantizer.ts'
export type { Codes, Vectors } from './vectors.ts'
