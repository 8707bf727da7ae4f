import { CancelledError, type Cases, type Csr, type Random, TrainingError } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import { exactTopK } from '../exact.ts'
import { itemScorer } from '../item-scorer.ts'
import type { BetweenSteps, Network } from '../network.ts'
import type { CommonOptions } from '../options.ts'
import type { FitOptions, FitReport } from '../recommender.ts'
import { encodeItems, encodeUsers } from '../serve.ts'
import { createDropout } from './dropout.ts'
import { createNegatives } from './negatives.ts'
import { meanRecall } from './recall.ts'
import { countItems, createSampler } from './sampler.ts'
import { learningRateAt } from './schedule.ts'
import { createSnapshots } from './snapshot.ts'
import { createStep } from './step.ts'

/** What is trained, and on what. */
export interface Training {
  system: string
  network: Network
  table: EmbeddingTable
  options: CommonOptions
  sequences: Csr
  validation?: Cases
  random: Random
  backend: string
}

const LOG_EVERY = 10
/** The event loop gets a turn this often, so that a signal or a progress bar is not kept waiting. */
const BREATHE_MS = 50

const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Recall@k of the network as it is now on all validation cases, what they have seen removed. */
export async function validate(
  network: Network,
  table: EmbeddingTable,
  cases: Cases,
  history: number,
  k: number,
): Promise<number> {
  const items = encodeItems(network, table)
  const { vectors, interests, probabilities } = encodeUsers(network, table, cases.history, history)
  const scorer = await itemScorer(items)
  try {
    const found = exactTopK(
      {
        vectors,
        offsets: Int32Array.from(cases.history.offsets, (_, r) => r * interests),
        scale: network.score.scale,
        bias: network.merge === 'mixture' ? probabilities?.map((p) => Math.log(Math.max(p, 1e-30))) : undefined,
        merge: network.merge,
        k,
        seen: cases.seen,
      },
      scorer,
    )
    return meanRecall(found.items, cases.targets)
  } finally {
    scorer.dispose()
  }
}

/**
 * The one training loop: steps, learning rate, validation, early stopping with the best state restored, events,
 * cancellation.
 *
 * @throws CancelledError `FIT_CANCELLED` when the signal fires: the best state so far stays loaded
 * @throws TrainingError `NOT_FINITE_LOSS`: the last good state stays loaded
 */
export async function train(training: Training, fit: FitOptions): Promise<FitReport> {
  const { system, network, table, options, sequences, validation, random, backend } = training
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const steps = fit.budget?.steps ?? options.steps
  const limit = fit.budget?.seconds ?? Number.POSITIVE_INFINITY
  const { every = 100, k = 50, patience = 5 } = fit.validation ?? {}
  const emit = fit.onEvent ?? (() => undefined)

  const counts = countItems(sequences, table.rows)
  const sampler = createSampler(sequences, {
    batch: options.batch,
    history: options.history,
    random: random.fork('batches'),
  })
  const negatives = createNegatives(options.negatives, counts, options.batch, random.fork('negatives'))
  const masks = createDropout(random.fork('dropout pool'), random.fork('dropout'))
  const take = createStep({ network, table, sampler, negatives, dropout: masks.dropout, clip: options.clip })
  const best = createSnapshots(network, table)
  const betweenRandom = random.fork('between')
  let recall = -1
  let waited = 0
  let step = 0

  const between = () => {
    const state: BetweenSteps = {
      step,
      steps,
      items: () => encodeItems(network, table),
      counts,
      random: betweenRandom,
      phase: (phase) => emit({ type: 'phase', step, phase }),
      codebook: (levels, collisions, revived) => emit({ type: 'codebook', step, levels, collisions, revived }),
    }
    network.between?.(state)
  }
  const check = async () => {
    if (!validation) return
    const found = await validate(network, table, validation, options.history, k)
    const settled = network.settled?.() ?? true
    const better = settled && found > recall
    if (better) {
      recall = found
      waited = 0
      best.take(step)
    } else if (settled) {
      waited++
    }
    emit({ type: 'validation', step, k, recall: found, best: better, seconds: seconds() })
  }
  const report = (stopped: FitReport['stopped']): FitReport => ({
    system,
    steps: step,
    seconds: seconds(),
    stopped,
    best: best.step === undefined ? undefined : { step: best.step, k, recall },
    backend,
    skipped: sampler.skipped,
  })

  try {
    emit({
      type: 'start',
      system,
      items: table.rows,
      sequences: sequences.offsets.length - 1,
      skipped: sampler.skipped,
      steps,
      backend,
    })
    let breath = performance.now()
    between()
    let stopped: FitReport['stopped'] = 'budget'
    while (step < steps && seconds() < limit) {
      if (performance.now() - breath > BREATHE_MS) {
        await breathe()
        breath = performance.now()
      }
      if (fit.signal?.aborted) {
        const kept = best.restore()
        throw new CancelledError('FIT_CANCELLED', {
          what: `Training of ${system} was cancelled at step ${step} of ${steps}`,
          given: kept === undefined ? `no validated state; step ${step} is kept` : `the state of step ${kept} is kept`,
          next: 'The model can be used and saved as it is.',
          cause: fit.signal.reason,
        })
      }
      step++
      const progress = Math.max(step / steps, Number.isFinite(limit) ? seconds() / limit : 0)
      const learningRate = learningRateAt(options, step, progress)
      const { loss, parts } = take(step, learningRate)
      if (!Number.isFinite(loss)) {
        const kept = best.restore()
        throw new TrainingError('NOT_FINITE_LOSS', {
          what: `The loss of ${system} is not finite at step ${step}`,
          given: {
            loss: String(loss),
            parts: Object.fromEntries(Object.entries(parts).map(([n, v]) => [n, String(v)])),
          },
          next: `The state of step ${kept ?? step - 1} is kept. Lower the learning rate, set "clip", or raise the temperature.`,
        })
      }
      if (step % LOG_EVERY === 0 || step === 1 || step === steps) {
        emit({ type: 'step', step, steps, loss, parts, learningRate, seconds: seconds() })
      }
      between()
      if (step % every === 0) {
        await check()
        if (waited >= patience) {
          stopped = 'early'
          break
        }
      }
    }
    if (step % every !== 0 && stopped === 'budget') await check()
    best.restore()
    const result = report(stopped)
    emit({ type: 'end', report: result })
    return result
  } finally {
    masks.dispose()
  }
}
