import { type Cases, TrainingError } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import type { Network } from '../network.ts'
import type { FitEvent } from '../recommender.ts'
import { createSnapshots, type Snapshots } from './snapshot.ts'
import type { StepLoss } from './step.ts'
import type { Progress } from './training-state.ts'
import { validate } from './validate.ts'

/** How states are compared: Recall@`k` every `every` steps; `patience` checks without a better one end the run. */
export interface Validation {
  cases: Cases
  every: number
  k: number
  patience: number
}

/** What a selection works on. */
export interface SelectionContext {
  system: string
  network: Network
  table: EmbeddingTable
  validation?: Validation
  /** Items of a history that are looked at. */
  history: number
  progress: Progress
  signal?: AbortSignal
  /** Seconds of the run so far. */
  seconds(): number
  emit(event: FitEvent): void
}

/** Chooses the state that training ends with: the best on the validation cases or, before there is one, the latest good one. */
export interface Selection {
  /** The best validated state so far. */
  readonly best: Snapshots
  /** Keeps the state as it is, from time to time, while none has been validated; called where the loss of a step is known to be finite. */
  beforeUpdate(step: number): void
  /** Looks at the state as it is, once. @throws TrainingError `NOT_FINITE_LOSS` where its vectors are not finite */
  check(): Promise<void>
  /** Whether patience is at its end. */
  exhausted(): boolean
  /** Puts the last good state back, where none is validated, and says what happened. */
  broken(step: number, found?: StepLoss): TrainingError
}

/** How often, in steps, the good state is copied: so often that copying a large table is no part of a step. */
const goodEvery = (rows: number) => Math.max(100, Math.ceil(rows / 2000))

export function createSelection({
  system,
  network,
  table,
  validation,
  history,
  progress,
  signal,
  seconds,
  emit,
}: SelectionContext): Selection {
  const best = createSnapshots(network, table)
  /** Until there is a best state: one of the latest that had a finite loss. */
  const lastGood = createSnapshots(network, table)
  const copyEvery = goodEvery(table.rows)
  const broken = (step: number, found?: StepLoss) => {
    lastGood.restore()
    return notFinite(system, step, found, (best.held ?? lastGood.held)?.step)
  }
  return {
    best,
    beforeUpdate(step) {
      if (best.held === undefined && (lastGood.held === undefined || step % copyEvery === 0)) lastGood.take(step - 1)
    },
    async check() {
      const { step } = progress
      if (!validation || progress.checked === step) return
      const { cases, k } = validation
      const found = await validate(network, table, cases, { history, k, signal })
      if (found === undefined) return
      const { recall, ndcg, finite } = found
      if (!finite) throw broken(step)
      progress.checked = step
      const settled = network.settled?.() ?? true
      const better = settled && recall > progress.recall
      progress.waited = better || !settled ? 0 : progress.waited + 1
      if (better) {
        progress.recall = recall
        // One copy of the table at a time: the best state is written over the last good one.
        best.held ??= lastGood.held
        lastGood.held = undefined
        best.take(step)
      }
      emit({ type: 'validation', step, k, recall, ndcg, best: better, seconds: seconds() })
    },
    exhausted: () => validation !== undefined && progress.waited >= validation.patience,
    broken,
  }
}

function notFinite(system: string, step: number, found: StepLoss | undefined, kept: number | undefined) {
  const parts = Object.entries(found?.parts ?? {}).map(([name, part]) => [name, String(part)])
  const state = kept === undefined ? 'The model is as it began.' : `The state of step ${kept} is kept.`
  return new TrainingError('NOT_FINITE_LOSS', {
    what: `The ${found ? 'loss' : 'vectors'} of ${system} ${found ? 'is' : 'are'} not finite at step ${step}`,
    given: found ? { loss: String(found.loss), parts: Object.fromEntries(parts) } : 'vectors that validation made',
    next: `${state} Lower the learning rate, set "clip", or raise the temperature.`,
  })
}
