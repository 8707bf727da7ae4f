import { CancelledError, type Cases, type Csr, checkSameFormat, type Random, TrainingError } from '@sparc/tables'
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
import { createSnapshots } from './snapshot.ts'
import { createStep, type StepLoss } from './step.ts'
import { hashRows, type Progress, RUN_FORMAT, type RunIdentity, restoreRun, saveRun } from './training-state.ts'
import { someCases, validate } from './validate.ts'

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
/** How often, in steps, a state is copied for the case that a loss to come is not finite: so often that copying a large table is no part of a step. */
const goodEvery = (rows: number) => Math.max(100, Math.ceil(rows / 2000))
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

function notFinite(system: string, step: number, found: StepLoss | undefined, kept: number | undefined) {
  const parts = Object.entries(found?.parts ?? {}).map(([name, part]) => [name, String(part)])
  const state = kept === undefined ? 'The model is as it began.' : `The state of step ${kept} is kept.`
  return new TrainingError('NOT_FINITE_LOSS', {
    what: `The ${found ? 'loss' : 'vectors'} of ${system} ${found ? 'is' : 'are'} not finite at step ${step}`,
    given: found ? { loss: String(found.loss), parts: Object.fromEntries(parts) } : 'vectors that validation made',
    next: `${state} Lower the learning rate, set "clip", or raise the temperature.`,
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
  const { system, network, table, options, sequences, random, backend, itemsKey, started } = training
  const { every = 100, k = 50, patience = 5, maxUsers = Number.POSITIVE_INFINITY } = fit.validation ?? {}
  const validation = training.validation && someCases(training.validation, maxUsers)
  const steps = fit.budget?.steps ?? options.steps
  const copyEvery = goodEvery(table.rows)
  const limit = fit.budget?.seconds ?? Number.POSITIVE_INFINITY
  const emit = fit.onEvent ?? (() => undefined)

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
  const take = createStep({
    network,
    table,
    sampler,
    negatives,
    dropout: masks.dropout,
    clip: options.clip,
    idDropout: options.idDropout ? createIdDropout(options.idDropout, random.fork('id dropout')) : undefined,
    beforeUpdate(step) {
      if (best.held === undefined && (lastGood.held === undefined || step % copyEvery === 0)) lastGood.take(step - 1)
    },
  })
  const best = createSnapshots(network, table)
  /** Until there is a best state: one of the latest that had a finite loss. */
  const lastGood = createSnapshots(network, table)
  const progress: Progress = { step: 0, checked: -1, recall: -1, waited: 0, seconds: 0 }
  const identity: RunIdentity = {
    system,
    options,
    seed: fit.seed ?? 1,
    itemsKey,
    from: training.continues ? 'current' : 'start',
    sequences: hashRows(sequences),
    steps,
    validation: validation && { every, k, patience, cases: hashRows(validation.history, validation.targets) },
  }
  const run = { network, table, best, randoms, progress }

  let since = started
  const seconds = () => {
    const now = performance.now()
    progress.seconds += (now - since) / 1000
    since = now
    return progress.seconds
  }
  const spent = (step: number) => Math.max(step / steps, Number.isFinite(limit) ? seconds() / limit : 0)
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
  /** Puts the last good state back. */
  const broken = (step: number, found?: StepLoss) => {
    lastGood.restore()
    return notFinite(system, step, found, (best.held ?? lastGood.held)?.step)
  }
  const isDue = (step: number) => step % every === 0 || step === steps
  /** Looks at the state as it is, once. */
  const check = async () => {
    const { step } = progress
    if (!validation || progress.checked === step) return
    const found = await validate(network, table, validation, { history, k, signal: fit.signal })
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
  }
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
    if (resumed ? isDue(progress.step) : training.continues) await check()
    let breath = performance.now()
    while (progress.step < steps && seconds() < limit && progress.waited < patience) {
      if (performance.now() - breath > BREATHE_MS) {
        await breathe()
        breath = performance.now()
      }
      await stopIfAsked()
      const step = ++progress.step
      const learningRate = learningRateAt(options, step, spent(step))
      const found = take(step, learningRate)
      if (!Number.isFinite(found.loss)) throw broken(step, found)
      if (step % LOG_EVERY === 0 || step === 1 || step === steps) {
        emit({ type: 'step', step, steps, ...found, learningRate, seconds: seconds() })
      }
      between()
      if (isDue(step)) await check()
      if (fit.checkpoint && step % (fit.checkpoint.every ?? 500) === 0) await keep()
    }
    const { step } = progress
    // A run that time has cut off between two checks has a state that nobody has looked at.
    await check()
    await stopIfAsked()
    await keep()
    best.restore()
    const { recall, waited } = progress
    const report: FitReport = {
      system,
      steps: step,
      seconds: seconds(),
      stopped: waited >= patience && step < steps ? 'early' : 'budget',
      best: best.held && { step: best.held.step, k, recall },
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
