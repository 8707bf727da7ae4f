import type { Random, Score } from '@sparc/tables'
import type * as tf from '@tensorflow/tfjs'
import type { Places } from './encoders/history.ts'
import type { LevelHealth } from './recommender.ts'
import type { Dropout } from './training/dropout.ts'
import type { Parameters } from './training/parameters.ts'
import type { Batch } from './training/sampler.ts'

/** Histories on their way through a network. */
export interface HistoryInput {
  /** Number of histories. */
  size: number
  /** Vectors of their items before any normalisation, one history after the other, `[filled, dim]`. */
  rows: tf.Tensor2D
  /** Which items those are, and where they stand. */
  places: Places
  /** Identity when not training. */
  dropout: Dropout
}

/** A batch of training examples on its way through a network. */
export interface TrainingInput extends HistoryInput {
  /** Item vectors before any normalisation, `[size, dim]`. */
  targets: tf.Tensor2D
  /** The same of the negatives, `[negatives, dim]`. */
  negatives: tf.Tensor2D
  /** `[size, 1]`: how often each target is among the negatives. */
  hits: tf.Tensor2D
  /** What to subtract from the logits of targets `[size, 1]`, of negatives `[1, negatives]`, and `of` any item; absent where it would be a constant. */
  logQ?: { targets: tf.Tensor2D; negatives: tf.Tensor2D; of(item: number): number }
  /** Steps taken, this one included. */
  step: number
  /** The same batch as catalogue rows, and the negatives drawn for it. */
  batch: Batch
  drawn: Int32Array
}

/** What a user is served with. */
export interface UserVectors {
  /** `[size, interests, dim]` */
  vectors: tf.Tensor3D
  /** `[size, interests]`, log of the probability of each interest; absent where all count alike. */
  logProbabilities?: tf.Tensor2D
  /** int32 `[size, interests]`, level-1 code of each interest. */
  codes?: tf.Tensor2D
}

/** Plain numbers of an item encoder's output, `[rows, dim]`, normalised where the network normalises. */
export interface ItemVectors {
  data: Float32Array
  rows: number
  dim: number
}

/** What a network may do between steps: read the catalogue, tell the world. */
export interface BetweenSteps {
  /** Steps taken so far. */
  step: number
  /** Steps that the run will take. */
  steps: number
  /** Share of the budget that is spent, in steps or seconds, whichever is more, 0 to 1. */
  share: number
  /** Encodes the whole catalogue as it is now. */
  items(): ItemVectors
  /** Interactions per item in training, `[items]`. */
  counts: Int32Array
  random: Random
  phase(name: string): void
  codebook(levels: LevelHealth[], collisions: number, revived: number): void
}

/** The part of a system that learns: composes encoders and losses, and owns no training loop. Runs inside of `tf.tidy`. */
export interface Network {
  readonly parameters: Parameters
  /** Sources of random numbers that the network draws from while it learns: their state is part of a resumed run. */
  readonly randoms?: Readonly<Record<string, Random>>
  /** How vectors become a score. */
  readonly score: Score
  /** Score of an item under several interests, as the interests table says it: option `rank` where a system has it. */
  readonly merge: 'nearest' | 'mixture'
  /** Scalar to minimise, and its parts by name. */
  loss(input: TrainingInput): { total: tf.Scalar; parts: Record<string, tf.Scalar> }
  /** Vectors of items from rows of the table, `[count, dim]`. */
  items(rows: tf.Tensor2D): tf.Tensor2D
  /** Interests of users; at most `interests` of them. */
  users(input: HistoryInput, interests?: number): UserVectors
  /** Whether the first vector of each user stands for the whole user, not for one interest. */
  generalFirst?(): boolean
  /**
   * Codes of item vectors, `[rows * levels]`; absent where the system has none. They mean something once `settled`. `needs`: how many items
   * the codebook begins with at least, and the option that decides it.
   */
  codes?: { levels: number; needs: { items: number; option: string }; of(vectors: ItemVectors): Uint16Array }
  /** Codewords by level, for the `codebook` table. */
  codewords?(): { data: Float32Array; rows: number; dim: number }[]
  /** Called before the first step and after each one: phases, codebook initialisation, revival of dead codes. */
  between?(state: BetweenSteps): void
  /** False while the network is not yet what it is going to be: such a state is not a candidate for the best one. */
  settled?(): boolean
  /** State besides parameters, by name: a copy. What `restore` is given is all of it. */
  state?(): Record<string, Float32Array>
  restore?(state: Record<string, Float32Array>): void
  dispose(): void
}
