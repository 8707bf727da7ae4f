import { CancelledError, type Matrix, parseOptions, type Random, TrainingError } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { drift, type Health } from './health.ts'
import type { FitOptions, FitReport, Quantized, TrainableQuantizer } from './quantizer.ts'
import { rowsAt, sampleRows } from './sample.ts'
import { checkEnough } from './vectors.ts'

/** The options of `fit`. */
export const fitSchema = z.strictObject({
  epochs: z.int().min(0).optional(),
  batch: z.int().min(1).default(512),
  learningRate: z.number().positive().default(1e-3),
  sample: z.int().min(1).default(20_000),
  signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal, 'must be an AbortSignal').optional(),
  onEvent: z.custom<NonNullable<FitOptions['onEvent']>>((value) => typeof value === 'function').optional(),
})

/** What the loop needs. */
export interface Trainee {
  vectors: Matrix
  options: FitOptions
  /** Epochs where the options name none. */
  epochs: number
  random: Random
  quantizer: TrainableQuantizer
  /** Sets the first codewords. */
  initialize(options: { batch: number; signal?: AbortSignal }): void | Promise<void>
  /** Codes are rebalanced after each epoch. */
  rebalances: boolean
}

/** @throws CancelledError `CANCELLED` */
export function checkSignal(signal?: AbortSignal): void {
  if (!signal?.aborted) return
  throw new CancelledError('CANCELLED', {
    what: 'The fit was cancelled',
    next: 'The best state so far stays; call fit again to start anew.',
    cause: signal.reason,
  })
}

/** Lets timers, signals and input run. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The values of a step's losses; frees nothing. */
function lossValues(losses: Quantized['losses']): Record<string, number> {
  return Object.fromEntries(Object.entries(losses).map(([name, value]) => [name, value.dataSync()[0]]))
}

/** Gives codes that no vector uses something to stand for, unless that costs reconstruction. */
function useAll(quantizer: TrainableQuantizer, vectors: Matrix): Health {
  const codes = quantizer.encode(vectors)
  const health = quantizer.health(codes, vectors)
  if (health.levels.every((level) => level.usage === 1)) return health
  const before = quantizer.state()
  quantizer.reviveDead(vectors, { codes, below: 1e-9 })
  const after = quantizer.health(quantizer.encode(vectors), vectors)
  if ((after.reconstruction ?? 0) <= (health.reconstruction ?? 0)) return after
  quantizer.restore(before)
  return health
}

/**
 * Trains a quantizer alone with Adam: epochs over shuffled vectors, dead codes revived and codes rebalanced
 * about ten times between them, the state of the least reconstruction error kept.
 */
export async function fitInSteps(trainee: Trainee): Promise<FitReport> {
  const { vectors, random, quantizer } = trainee
  const parsed = parseOptions(fitSchema, trainee.options, 'options of fit')
  const { epochs = trainee.epochs, batch, learningRate, sample, signal, onEvent } = parsed
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  checkSignal(signal)
  checkEnough(vectors.rows, Math.max(...quantizer.sizes), 'fit')
  const untouched = quantizer.state()
  try {
    await trainee.initialize({ batch, signal })
  } catch (error) {
    quantizer.restore(untouched)
    throw error
  }
  onEvent?.({
    type: 'initialized',
    level: quantizer.sizes.length - 1,
    levels: quantizer.sizes.length,
    seconds: seconds(),
  })
  await breathe()

  const measured = sampleRows(vectors, sample, random)
  let codes = quantizer.encode(measured)
  let best = { error: quantizer.health(codes, measured).reconstruction ?? 0, state: quantizer.state() }
  const perEpoch = Math.ceil(vectors.rows / batch)
  const steps = epochs * perEpoch
  // Reviving, rebalancing and measuring: at most about ten times in a run.
  const every = Math.max(1, Math.round(epochs / 10))
  const order = Int32Array.from({ length: vectors.rows }, (_, r) => r)
  const optimizer = tf.train.adam(learningRate)
  let step = 0

  const oneStep = (rows: Matrix) => {
    const rate = learningRate * (0.1 + 0.9 * (0.5 + 0.5 * Math.cos((Math.PI * step) / steps)))
    Object.assign(optimizer, { learningRate: rate })
    return tf.tidy(() => {
      const z = tf.tensor2d(rows.data, [rows.rows, rows.dim])
      let made: Quantized | undefined
      const loss = () => {
        made = quantizer.quantize(z)
        for (const tensor of [made.codes, ...Object.values(made.losses)]) tf.keep(tensor)
        return made.losses.total
      }
      if (quantizer.variables.length > 0) optimizer.minimize(loss, true, quantizer.variables)
      else loss()
      if (!made) return {}
      const parts = lossValues(made.losses)
      quantizer.observe(made.codes, z)
      tf.dispose([made.codes, made.losses])
      return parts
    })
  }

  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      random.shuffle(order)
      for (let start = 0; start < vectors.rows; start += batch) {
        checkSignal(signal)
        const rows = rowsAt(vectors, order, start, Math.min(batch, vectors.rows - start))
        const { total, ...parts } = oneStep(rows)
        step++
        if (!Number.isFinite(total)) {
          throw new TrainingError('LOSS_NOT_FINITE', {
            what: `The loss became ${total} at step ${step}`,
            given: parts,
            next: 'Lower the learning rate. The best state so far stays.',
          })
        }
        onEvent?.({ type: 'step', step, steps, loss: total, parts, seconds: seconds() })
        if (step % 8 === 0) await breathe()
      }
      if ((epoch + 1) % every !== 0 && epoch + 1 < epochs) continue
      // The last epoch is for settling: a codeword revived there would never be trained.
      const revived =
        epoch + 1 < epochs ? quantizer.reviveDead(rowsAt(vectors, order, 0, Math.min(batch * 4, vectors.rows))) : []
      if (trainee.rebalances) quantizer.rebalance(vectors)
      const before = codes
      codes = quantizer.encode(measured)
      const health = quantizer.health(codes, measured)
      const error = health.reconstruction ?? 0
      const better = error < best.error
      if (better) best = { error, state: quantizer.state() }
      const count = revived.reduce((sum, level) => sum + level.length, 0)
      onEvent?.({
        type: 'health',
        step,
        health,
        drift: drift(before, codes),
        revived: count,
        best: better,
        seconds: seconds(),
      })
    }
  } finally {
    optimizer.dispose()
    quantizer.restore(best.state)
  }
  const report = { steps: step, seconds: seconds(), health: useAll(quantizer, vectors) }
  onEvent?.({ type: 'end', report })
  return report
}
