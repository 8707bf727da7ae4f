export type { BalanceOptions } from './balance.ts'
export { codebookHealth, drift, type Health, type LevelHealth } from './health.ts'
export { type AnyQuantizer, loadQuantizer } from './load.ts'
export type {
  EncodeOptions,
  FitEvent,
  FitOptions,
  FitReport,
  Quantized,
  Quantizer,
  TrainableQuantizer,
} from './quantizer.ts'
export { createResidualKMeans, type ResidualKMeansOptions } from './residual-k-means.ts'
export { createResidualQuantizer, type ResidualQuantizer, type ResidualQuantizerOptions } from './residual-quantizer.ts'
export { createRqVae, type QuantizedAndDecoded, type RqVae, type RqVaeOptions } from './rq-vae.ts'
export { createSemanticIds, type SemanticIds } from './semantic-ids.ts'
export { createVectorQuantizer, type VectorQuantizer, type VectorQuantizerOptions } from './vector-quantizer.ts'
export type { Codes, Vectors } from './vectors.ts'
