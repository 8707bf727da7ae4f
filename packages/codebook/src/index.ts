export type { BalanceOptions } from './balance.ts'
export { codebookHealth, drift, type Health, type LevelHealth } from './health.ts'
export type {
  EncodeOptions,
  FitEvent,
  FitOptions,
  FitReport,
  Quantized,
  Quantizer,
  TrainableQuantizer,
} from './quantizer.ts'
export { createResidualQuantizer, type ResidualQuantizer, type ResidualQuantizerOptions } from './residual-quantizer.ts'
export { createVectorQuantizer, type VectorQuantizer, type VectorQuantizerOptions } from './vector-quantizer.ts'
export type { Codes, Vectors } from './vectors.ts'
