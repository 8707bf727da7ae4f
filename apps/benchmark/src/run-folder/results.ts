import type { Experiment } from '../config/schema.ts'

/** Metric values by name, for example `recall@50`; null where a metric has nothing to say. */
export type Values = Record<string, number | null>

/** Both views of one list: the history removed (the headline), and left in. */
export interface Views {
  filtered: Values
  unfiltered: Values
}

/** One point of the curve of recall against time. */
export interface IndexPoint {
  engine: string
  probes: number
  /** Share of the catalogue that a query's shards hold, 0 to 1. */
  scanned: number
  /** Share of the exact top 50 that was found, 0 to 1. */
  recallOfExact: number
  microsecondsPerQuery: number
}

/** What one system with one seed came to. */
export interface RowResult {
  format: 1
  name: string
  /** Name of the system, package or file behind it. */
  system: string
  seed: number
  /** `exact`: the whole catalogue was scored; `shards`: the per-code index; `given`: lists made elsewhere. */
  kind: 'exact' | 'shards' | 'given'
  metrics: Views
  steps: number
  seconds: { fit: number; recommend: number }
  microsecondsPerQuery?: number
  /** Share of the catalogue that was scanned for a query, 0 to 1. */
  scanned?: number
  stopped?: string
  best?: { step: number; k: number; recall: number }
  backend?: string
  engine?: string
  index?: IndexPoint[]
  /** Mean cosine between the vectors that a user is served with: interests, and SPARC's general vector. */
  interestCosine?: number
  codebook?: { levels: { size: number; usage: number; perplexity: number; largest: number }[]; collisions: number }
  options: Record<string, unknown>
  notes: string[]
}

/** What happened during training, for the curves. */
export interface TrainingLog {
  steps: { step: number; loss: number; parts: Record<string, number> }[]
  validation: { step: number; recall: number; seconds: number }[]
  codebook: { step: number; usage: number[]; perplexity: number[]; largest: number[] }[]
}

/** What was measured on what: `run.json`. */
export interface RunFile {
  format: 1
  name: string
  /** Hash of the experiment; an interrupted run is resumed by the same one only. */
  hash: string
  command: string
  experiment: Experiment
  /** All options of each row by its name, those that it has by default too; runs of earlier versions do not say them. */
  options?: Record<string, object>
  started: string
  finished?: string
  dataset: {
    name: string
    fingerprint: string
    users: number
    items: number
    interactions: number
    time: 'known' | 'order'
    notes: string[]
    options: Record<string, unknown>
  }
  split: {
    kind: Experiment['split']
    seed: number
    source: string
    train: number
    validation: number
    test: number
    fingerprint: string
  }
  backend?: string
  engine?: string
  versions: Record<string, string>
  machine: { platform: string; cpus: number; cpu: string; memory: number }
  /** Earlier sittings, or sittings of runs that were joined, with another machine or other versions than these. */
  otherSittings?: Sitting[]
  /** Seconds by phase; of rows that were joined from other runs only fit and recommend, which are known for each row. */
  phases: Record<string, number>
}

/** On what a sitting of a run computed. */
export type Sitting = Pick<RunFile, 'machine' | 'versions'>

/** All rows of a run: `metrics.json`. */
export interface MetricsFile {
  format: 1
  run: string
  fingerprint: string
  rows: RowResult[]
}
