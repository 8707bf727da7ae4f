import type { ItemFilter } from '@sparc/tables'
import type { Table } from 'apache-arrow'

/** What a system learns from: `items` (the catalogue), `sequences` (train users) and, for early stopping, validation `cases`. */
export interface FitData {
  /** `items` table; every row number in the other tables points into it. */
  items: Table
  /** `sequences` table: one row a training user, items oldest first. */
  sequences: Table
  /** `cases` table: histories with the targets that should be found. Without it there is no early stopping. */
  validation?: Table
}

/**
 * How one run of `fit` goes; what the model is belongs to the system's own options. Systems that are computed in one go (popularity, item-kNN,
 * EASE, ALS) take the same options, so that one word swaps a system, and have no use for `budget`, `validation` and `checkpoint`.
 */
export interface FitOptions {
  /** Seeds everything random in this run: initial weights, batches, negatives, dropout. Default 1. */
  seed?: number
  /**
   * `current` continues from what the model has learned: the items table may have grown at its end, and with 0 steps the
   * new items are taken in without training. Systems that are computed, not trained, begin anew either way. Default `scratch`.
   */
  from?: 'scratch' | 'current'
  /** Stops the run after the step, or the block of a validation, that it is at; `fit` then rejects with `CancelledError` and the best state so far stays loaded. */
  signal?: AbortSignal
  /** Called for each event, in order, from the training loop; keep it short. */
  onEvent?: (event: FitEvent) => void
  /**
   * Where to stop: after so many steps or seconds, whichever comes first. Default: the system's own number of steps. Seconds count from when
   * TensorFlow is ready, what is prepared before the first step among them.
   */
  budget?: { steps?: number; seconds?: number }
  /**
   * How validation cases are used: Recall@`k` (50) with the history removed, every `every` (100) steps, on at most `maxUsers` (all) of the
   * cases, spread evenly over them; `patience` (5) checks without a better one stop the run.
   */
  validation?: { every?: number; k?: number; patience?: number; maxUsers?: number }
  /** Keeps the whole training state in a folder, every `every` (500) steps and at the end; `resume` (false) continues from it where it exists. */
  checkpoint?: { directory: string; every?: number; resume?: boolean }
}

/** What one level of a codebook looks like at the moment. */
export interface LevelHealth {
  /** Share of the codes that at least one item uses, 0 to 1. */
  usage: number
  /** exp(entropy) of the distribution of the items over the codes, 1 to the number of codes. */
  perplexity: number
  /** Share of the items in the largest code, 0 to 1. */
  largest: number
}

/** Something that happened during `fit`. */
export type FitEvent =
  | {
      type: 'start'
      system: string
      items: number
      sequences: number
      skipped: number
      steps: number
      backend?: string
    }
  | { type: 'phase'; step: number; phase: string }
  | {
      type: 'step'
      step: number
      steps: number
      /** Weighted sum of the parts. */
      loss: number
      /** Loss parts by name, unweighted. */
      parts: Record<string, number>
      learningRate: number
      /** Seconds since the run began. */
      seconds: number
    }
  /** Recall@k, which chooses the best state, and NDCG@k of the validation cases. */
  | { type: 'validation'; step: number; k: number; recall: number; ndcg: number; best: boolean; seconds: number }
  | { type: 'codebook'; step: number; levels: LevelHealth[]; collisions: number; revived: number }
  | { type: 'checkpoint'; step: number; directory: string }
  | { type: 'end'; report: FitReport }

/** How a run of `fit` went. */
export interface FitReport {
  system: string
  /** Steps taken (0 for systems that are computed, not trained). */
  steps: number
  seconds: number
  /** `budget`: all steps or seconds used; `early`: validation stopped getting better; `done`: nothing to iterate. */
  stopped: 'budget' | 'early' | 'done'
  /** The state that is now loaded; absent without validation cases. */
  best?: { step: number; k: number; recall: number }
  /** Which TensorFlow backend did the work; absent for systems that need none. */
  backend?: string
  /** With `from: 'current'` and codes: share of the old items whose level-1 code is another one now. */
  drift?: number
  /** Training users that were skipped because they have fewer than two interactions. */
  skipped: number
}

/** Options of `recommend`. */
export interface RecommendOptions {
  /** Length of each list; clamped to the catalogue. */
  k: number
  /** Leave out the query's `seen` items (`history` where the column is absent). Default true. */
  excludeSeen?: boolean
  /** Only these items may be recommended. */
  among?: ItemFilter
}

/** What a list of a vector system may be like besides. */
export interface VectorRecommendOptions extends RecommendOptions {
  /**
   * `a` in `score + a log(1 + n)`, `n` an item's interactions in training: below 0 the lists reach further into the tail, above 0 they
   * keep to the head. Scores of normalised vectors lie within `1 / temperature` of 0; -.15 and -.3 are moderate. Default 0.
   */
  popularityWeight?: number
}

/** Options of `embedUsers`. */
export interface EmbedUsersOptions {
  /** Vectors of a user at most, SPARC's general one counted. Default: as the model was made; a system with one vector has one. */
  interests?: number
}

/** The options of a system, by the function that makes it. @example type SparcOptions = OptionsOf<typeof sparc> */
export type OptionsOf<Create extends (options?: never) => unknown> = NonNullable<Parameters<Create>[0]>

/** Every system, ours or a baseline: a table in, a table out. */
export interface Recommender {
  readonly name: string
  /** What it was made with, defaults filled in. */
  readonly options?: object
  /**
   * Learns from `data`. What was learned before stays until the first step is about to be taken.
   *
   * @throws InvalidInputError `UNKNOWN_OPTION`, `INVALID_OPTION`, `NOT_A_TABLE`, `TOO_LITTLE_DATA`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`, `ALREADY_FITTING`
   * @throws CancelledError `FIT_CANCELLED` when the signal fires
   * @throws TrainingError `NOT_FINITE_LOSS`
   */
  fit(data: FitData, options?: FitOptions): Promise<FitReport>
  /**
   * `recommendations` table, one row for each row of `queries`: exact, over the whole catalogue; the most popular items for an empty history.
   *
   * @throws InvalidInputError `NOT_FITTED`, `UNKNOWN_OPTION`, `INVALID_OPTION`, `INVALID_FILTER`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`
   */
  recommend(queries: Table, options: RecommendOptions): Promise<Table>
  /**
   * Writes the model to a folder, atomically; `loadRecommender` reads it back.
   *
   * @throws InvalidInputError `NOT_FITTED`, `NO_DIRECTORY`
   * @throws InvalidFileError `FOREIGN_FORMAT`, `NOT_WRITABLE`, `NO_SPACE`
   */
  save(directory: string): Promise<void>
  /** Frees what the model holds: until it is fitted anew it can't be used. */
  dispose(): void
}

/** The systems that an index can serve: items and interests are vectors. */
export interface VectorRecommender extends Recommender {
  recommend(queries: Table, options: VectorRecommendOptions): Promise<Table>
  /** `embeddings` table of all items, with codes where the system has them. @throws InvalidInputError `NOT_FITTED` */
  embedItems(): Promise<Table>
  /**
   * `interests` table, one row for each row of `queries`: at most `interests` vectors each, and none for an empty history.
   *
   * @throws InvalidInputError `NOT_FITTED`, `UNKNOWN_OPTION`, `INVALID_OPTION`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`
   */
  embedUsers(queries: Table, options?: EmbedUsersOptions): Promise<Table>
}

/** What an interest, a level-1 code, is about. */
export interface InterestDescription {
  code: number
  /** How many items carry it. */
  count: number
  /** Those nearest to its codeword, by the cosine; ten at most. */
  items: { id: string; similarity: number }[]
  /**
   * Categories (paths such as `Skin Care > Face`) that more of its items have than the catalogue's do, as shares from 0 to 1, the most
   * telling first; ten at most, and none where the items table has no `categories`.
   */
  categories: { name: string; share: number; catalogueShare: number }[]
}

/** The vector systems whose items have codes. */
export interface CodedRecommender extends VectorRecommender {
  /** `codebook` table: the codewords of each level, and how many items carry each code. */
  codebook(): Promise<Table>
  /** What an interest is about. @throws InvalidInputError `NO_SUCH_INTEREST` */
  describeInterest(code: number): Promise<InterestDescription>
}
