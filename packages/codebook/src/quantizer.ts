import type { Matrix } from '@sparc/tables'
import type * as tf from '@tensorflow/tfjs'
import type { Table, Vector } from 'apache-arrow'
import type { Health } from './health.ts'
import type { Codes, Vectors } from './vectors.ts'

/** How vectors are encoded. */
export interface EncodeOptions {
  /**
   * No two rows of this call share all their codes: a row whose codes are taken gets the next best ones. For a whole
   * catalogue at once. Default false.
   */
  distinct?: boolean
  /**
   * No code of the first level takes more than this many times its fair share of the rows of this call, to the row,
   * whatever the vectors are. For a whole catalogue at once, on top of `balance`, which holds for vectors one by one
   * and so can not part those that are all but equal. Default: no limit.
   */
  capacity?: number
}

/** How one run of `fit` goes. */
export interface FitOptions {
  /** Passes over the vectors after the initialisation; 0 stops after it. Default: the quantizer's own. */
  epochs?: number
  /** Vectors per step. Default 512. */
  batch?: number
  /** Adam's learning rate, falling to a tenth of it on a cosine. Default 1e-3. */
  learningRate?: number
  /** Vectors that the loss and the health reported in events are measured on, at most. Default 20,000. */
  sample?: number
  /** Stops the run; `fit` then rejects with `CancelledError`, and the best state so far stays. */
  signal?: AbortSignal
  /** Called for each event, in order. */
  onEvent?: (event: FitEvent) => void
}

/** Something that happened during `fit`. */
export type FitEvent =
  | { type: 'initialized'; level: number; levels: number; seconds: number }
  | { type: 'step'; step: number; steps: number; loss: number; parts: Record<string, number>; seconds: number }
  | { type: 'health'; step: number; health: Health; drift: number; revived: number; best: boolean; seconds: number }
  | { type: 'end'; report: FitReport }

/** How a run of `fit` went. */
export interface FitReport {
  steps: number
  seconds: number
  /** Health of the state that is now loaded, over the vectors fitted on. */
  health: Health
}

/** What every quantizer does, learned or not: vectors to codes and back. */
export interface Quantizer {
  readonly kind: 'vector' | 'residual' | 'rq-vae' | 'residual-k-means'
  /** Dimension of the vectors. */
  readonly dim: number
  /** Codewords per level. */
  readonly sizes: readonly number[]
  /**
   * Learns from vectors, `[rows, dim]`.
   *
   * @throws InvalidInputError `WRONG_DIMENSION`, `NOT_FINITE`, `TOO_FEW_VECTORS`, `INVALID_OPTION`
   * @throws CancelledError `CANCELLED`
   * @throws TrainingError `LOSS_NOT_FINITE`
   */
  fit(vectors: Vectors, options?: FitOptions): Promise<FitReport>
  /**
   * The codes of vectors. An Arrow column (`FixedSizeList<Float32>[dim]`) gives an Arrow column
   * (`FixedSizeList<Uint16>[levels]`).
   *
   * @throws InvalidInputError `WRONG_DIMENSION`, `NOT_FINITE`, `TOO_MANY_VECTORS`, `CAPACITY_TOO_SMALL`
   */
  encode(vectors: Vectors, options?: EncodeOptions): Codes
  encode(vectors: Vector, options?: EncodeOptions): Vector
  /**
   * The vectors that codes stand for, `[rows, dim]`; from an Arrow column, an Arrow column.
   *
   * @throws InvalidInputError `WRONG_LEVELS`, `CODE_OUT_OF_RANGE`
   */
  decode(codes: Codes): Matrix
  decode(codes: Vector): Vector
  /** Health over items, each counted once; with their vectors also the reconstruction error. */
  health(codes: Codes, vectors?: Vectors): Health
  /** The `codebook` table, with how many of the rows of `codes` carry each code. */
  table(codes: Codes): Table
  /** Saves to a folder, atomically; `loadQuantizer` reads it back. */
  save(directory: string): Promise<void>
  /** Frees what the quantizer holds; it can not be used afterwards. */
  dispose(): void
}

/** What `quantize` gives. All of it is the caller's to free; inside of `tf.tidy` that happens by itself. */
export interface Quantized {
  /** int32 `[batch, levels]`; a constant to gradients. */
  codes: tf.Tensor2D
  /** For each level the codewords, `[batch, dim]`: gradients reach the codebook through them. */
  quantized: tf.Tensor2D[]
  /** The sum of the levels' codewords, `[batch, dim]`, its gradient passed to `z` straight through or rotated. */
  sum: tf.Tensor2D
  /** Scalars; each squared error is a mean over batch and dimensions, and a sum over levels. */
  losses: {
    /** `|z - sum_l e^l|^2`: reaches `z` and all codewords. */
    reconstruction: tf.Scalar
    /** `sum_l |sg r^(l-1) - e^l|^2`: reaches the codewords. */
    codebook: tf.Scalar
    /** `sum_l |r^(l-1) - sg e^l|^2`, residuals of constant codewords: reaches `z`. */
    commitment: tf.Scalar
    /** The entropy term, unweighted; 0 unless `balance.by` is `entropy`. Reaches `z` and the codewords. */
    balance: tf.Scalar
    /** `reconstruction + codebook + commitment * options.commitment + balance * options.balance.weight` */
    total: tf.Scalar
  }
}

/** A quantizer whose codewords are variables: it can be trained inside of somebody else's training step. */
export interface TrainableQuantizer extends Quantizer {
  /** What an optimizer trains. */
  readonly variables: tf.Variable[]
  /** One training step's quantization of `z`, `[batch, dim]`. */
  quantize(z: tf.Tensor2D): Quantized
  /** The codewords of a level (from 0), `[size, dim]`: the variable itself, so that gradients reach it. Not to be freed. */
  codewords(level: number): tf.Variable<tf.Rank.R2>
  /** Sets all codewords by k-means, level by level, balanced where `balance` says so. */
  initialize(vectors: Vectors, options?: { iterations?: number; samplesPerCode?: number }): void
  /**
   * Counts the codes of a training step, for `reviveDead`; codewords kept by moving averages move here, and need `z`.
   *
   * @throws InvalidInputError `MISSING_VECTORS`
   */
  observe(codes: tf.Tensor2D | Codes, z?: tf.Tensor2D): void
  /**
   * Replaces each codeword that was observed less than `below` (default .1) of its fair share by what a random one of
   * `vectors` has left at its level. With `codes` of a catalogue, these are counted instead of what was observed.
   *
   * @returns the revived codes of each level
   */
  reviveDead(vectors: Vectors, options?: { below?: number; codes?: Codes }): number[][]
  /**
   * Sets the prices of the balanced levels so that, over these vectors, no code gets more than `capacity` times its fair
   * share. `quantize` and `encode` keep to the prices from then on. Without `balance` in the options: of level 0.
   */
  rebalance(vectors: Vectors, options?: { capacity?: number }): void
  /** Codewords, prices and usage as named arrays, to be kept elsewhere: a copy. */
  state(): Record<string, Float32Array>
  /** Sets what `state` gave. @throws InvalidInputError `WRONG_STATE` */
  restore(state: Record<string, Float32Array>): void
}
