import type { Part } from '../config/part.ts'
import type { SplitKind } from '../config/split-kinds.ts'

/** What the command line gives to every command that runs an experiment. */
export interface RunOptions {
  data?: string
  out: string
  run?: string
  fresh?: boolean
  verbose?: boolean
}

/** What `run` is given besides. */
export interface StudyOptions extends RunOptions, Part {
  /** Another split than the configuration says. */
  split?: SplitKind
  plan?: boolean
}

/** What `npm start` is given. */
export interface StartOptions extends RunOptions {
  dataset?: string
  split?: SplitKind
  models?: string[]
  seed?: number
  smoke?: boolean
  steps?: number
  engine?: 'faiss' | 'exact' | 'auto'
}

/** What `tune` is given. */
export interface TuneOptions extends StartOptions {
  trials: number
  rungs: number
  /** Options that every trial has. */
  options?: Record<string, unknown>
}
