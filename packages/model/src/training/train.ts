import { CancelledError, type Cases, type Csr, checkSameFormat, type Random } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import type { BetweenSteps, Network } from '../network.ts'
import type { CommonOptions } from '../options.ts'
import { breathe } from '../pause.ts'
import type { FitOptions, FitReport } from '../recommender.ts'
import { createDropout } from './dropout.ts'
import { createIdDropout } from './id-dropout.ts'
import { createNegatives } from './negatives.ts'
import { countItems, createSampler } from './sampler.ts'
import { learningRateAt } from './schedule.ts'
import { createSelection, type Validation } from './selection.ts'
import { createStep } from './step.ts'
import { hashRows, type Progress, RUN_FORMAT, type RunIdentity, restoreRun, saveRun } from './training-state.ts'
import { someCases } from './validate.ts'

/** What is trained, and on what. */
export interface Training {
  system: string
  network: Network
  table: EmbeddingTable
  options: CommonOptions
  sequences: Csr
  /** Interactions per item in all training so far, these sequences included, `[items]`. */
  popularity: Float32Array
  validation?: Cases
  itemsKey: string
  random: Random
  backend: string
  /** When TensorFlow was ready, `performance.now()`: what is prepared before the first step counts. */
  started: number
  /** The network has learned before: it is looked at before the first step, and stays where nothing gets better. */
  continues: boolean
  /** Called when all is checked and read, before anything is learned. */
  begin(): void
}

const LOG_EVERY = 10
/** The event loop gets a turn this often, so that a signal or a progress bar is not kept waiting. */
const BREATHE_MS = 50

function cancelled(system: string, step: number, steps: number, kept: number | undefined, cause: unknown) {
  return new CancelledError('FIT_CANCELLED', {
    what: `Training of ${system} was cancelled at step ${step} of ${steps}`,
    given: kept === undefined ? `no validated state; step ${step} is kept` : `the state of step ${kept} is kept`,
    next: 'The model can be used and saved as it is.',
    cause,
  })
}

/**
 * The one training loop: steps, learning rate, validation, early stopping with the best state restored, events,
 * cancellation, checkpoints. A run that was stopped and resumed takes the steps that it would have taken.
 *
 * @throws CancelledError `FIT_CANCELLED` when the signal fires: the best state so far stays loaded
 * @throws TrainingError `NOT_FINITE_LOSS`: the best state stays loaded or, where none was validated yet, the last good one
 */
export async function train(training: Training, fit: FitOptions): Promise<FitReport> {
  const { system, network, table, options, sequences, random, backend, started } = training
  const validation = validationOf(training, fit)
  const steps = fit.budget?.steps ?? options.steps
  const limit = fit.budget?.seconds ?? Number.POSITIVE_INFINITY
  const emit = fit.onEvent ?? (() => undefined)
  const progress: Progress = { step: 0, checked: -1, recall: -1, waited: 0, seconds: 0 }
  let since = started
  const seconds = () => {
    const now = performance.now()
    progress.seconds += (now - since) / 1000
    since = now
    return progress.seconds
  }
  const spent = (step: number) => Math.max(step / steps, Number.isFinite(limit) ? seconds() / limit : 0)

  const randoms = {
    batches: random.fork('batches'),
    negatives: random.fork('negatives'),
    dropout: random.fork('dropout'),
    between: random.fork('between'),
    ...network.randoms,
  }
  const counts = countItems(sequences, table.rows)
  const { batch, history, minHistory } = options
  const sampler = createSampler(sequences, { batch, history, minHistory, random: randoms.batches })
  const drawing = { ...options.negatives, seenOnly: options.negatives.seenOnly ?? options.features }
  const negatives = createNegatives(drawing, counts, batch, randoms.negatives, training.popularity)
  const masks = createDropout(random.fork('dropout pool'), randoms.dropout)
  const chosen = { system, network, table, validation, history, progress, signal: fit.signal, seconds, emit }
  const selection = createSelection(chosen)
  const { best } = selection
  const take = createStep({
    network,
    table,
    sampler,
    negatives,
    dropout: masks.dropout,
    clip: options.clip,
    idDropout: options.idDropout ? createIdDropout(options.idDropout, random.fork('id dropout')) : undefined,
    beforeUpdate: selection.beforeUpdate,
  })
  const identity = identityOf(training, fit, validation, steps)
  const run = { network, table, best, randoms, progress }

  const between = () => {
    const { step } = progress
    const state: BetweenSteps = {
      step,
      steps,
      share: spent(step),
      items: () => encodeItems(network, table),
      counts,
      random: randoms.between,
      phase: (phase) => emit({ type: 'phase', step, phase }),
      codebook: (levels, collisions, revived) => emit({ type: 'codebook', step, levels, collisions, revived }),
    }
    network.between?.(state)
  }
  const isDue = (step: number) => validation !== undefined && (step % validation.every === 0 || step === steps)
  const keep = async () => {
    if (!fit.checkpoint) return
    const { directory } = fit.checkpoint
    seconds()
    await saveRun(directory, identity, run)
    emit({ type: 'checkpoint', step: progress.step, directory })
  }
  const stopIfAsked = async () => {
    if (!fit.signal?.aborted) return
    await keep()
    throw cancelled(system, progress.step, steps, best.held?.step, fit.signal.reason)
  }

  try {
    for (const { moments } of network.parameters.list) {
      moments.first.fill(0)
      moments.second.fill(0)
    }
    if (fit.checkpoint) await checkSameFormat(fit.checkpoint.directory, RUN_FORMAT.format)
    const resumed = fit.checkpoint?.resume ? await restoreRun(fit.checkpoint.directory, identity, run) : false
    emit({
      type: 'start',
      system,
      items: table.rows,
      sequences: sequences.offsets.length - 1,
      skipped: sampler.skipped,
      steps,
      backend,
    })
    training.begin()
    if (!resumed) between()
    // A run that was stopped while it looked at a state looks at it again.
    if (resumed ? isDue(progress.step) : training.continues) await selection.check()
    let breath = performance.now()
    while (progress.step < steps && seconds() < limit && !selection.exhausted()) {
      if (performance.now() - breath > BREATHE_MS) {
        await breathe()
        breath = performance.now()
      }
      await stopIfAsked()
      const step = ++progress.step
      const learningRate = learningRateAt(options, step, spent(step))
      const found = take(step, learningRate)
      if (!Number.isFinite(found.loss)) throw selection.broken(step, found)
      if (step % LOG_EVERY === 0 || step === 1 || step === steps) {
        emit({ type: 'step', step, steps, ...found, learningRate, seconds: seconds() })
      }
      between()
      if (isDue(step)) await selection.check()
      if (fit.checkpoint && step % (fit.checkpoint.every ?? 500) === 0) await keep()
    }
    const { step } = progress
    // A run that time has cut off between two checks has a state that nobody has looked at.
    await selection.check()
    await stopIfAsked()
    await keep()
    best.restore()
    const report: FitReport = {
      system,
      steps: step,
      seconds: seconds(),
      stopped: selection.exhausted() && step < steps ? 'early' : 'budget',
      best: validation && best.held && { step: best.held.step, k: validation.k, recall: progress.recall },
      backend,
      skipped: sampler.skipped,
    }
    emit({ type: 'end', report })
    return report
  } catch (error) {
    // Whatever ended it, a signal, a loss that is not finite, a full disk under a checkpoint: the best state stays.
    best.restore()
    throw error
  } finally {
    masks.dispose()
  }
}

/** The validation cases that are looked at, and how. */
function validationOf({ validation: cases }: Training, fit: FitOptions): Validation | undefined {
  if (!cases) return undefined
  const { every = 100, k = 50, patience = 5, maxUsers = Number.POSITIVE_INFINITY } = fit.validation ?? {}
  return { cases: someCases(cases, maxUsers), every, k, patience }
}

function identityOf(
  { system, options, itemsKey, continues, sequences }: Training,
  { seed = 1 }: FitOptions,
  validation: Validation | undefined,
  steps: number,
): RunIdentity {
  return {
    system,
    options,
    seed,
    itemsKey,
    from: continues ? 'current' : 'start',
    sequences: hashRows(sequences),
    steps,
    validation: validation && { ...validation, cases: hashRows(validation.cases.history, validation.cases.targets) },
  }
}
