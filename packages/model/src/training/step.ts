import * as tf from '@tensorflow/tfjs'
import type { Bare, EmbeddingTable } from '../embedding-table.ts'
import type { Network } from '../network.ts'
import { tidyNumbers } from '../tidy-numbers.ts'
import { adamStep, squaredNorm } from './adam.ts'
import type { Dropout } from './dropout.ts'
import { createInputs } from './inputs.ts'
import type { NegativeSampler } from './negatives.ts'
import { clipScale } from './parameters.ts'
import { createRowGradients } from './row-gradients.ts'
import type { BatchSampler } from './sampler.ts'

/** What a step reports: the loss and its parts. */
export interface StepLoss {
  loss: number
  parts: Record<string, number>
}

/** A training step: draws a batch, computes loss and gradients, updates the parameters. */
export type TrainingStep = (step: number, learningRate: number) => StepLoss

/** Everything that a step works on. */
export interface StepContext {
  network: Network
  table: EmbeddingTable
  sampler: BatchSampler
  negatives: NegativeSampler
  dropout: Dropout
  /** Norm that gradients are clipped to. */
  clip?: number
  /** Which items are what their features say in a step, and nothing else. */
  idDropout?: (step: number) => Bare
  /** Called once loss and gradients of a step are known to be finite, before anything is updated. */
  beforeUpdate?: (step: number) => void
}

/**
 * Makes the step. The vectors of a batch go up, their gradients come down and are added up by item, and the table is updated
 * outside of TensorFlow; what happens in between knows nothing of the catalogue's length.
 *
 * Parameters are not touched when the loss or a gradient is not finite: the caller finds `loss` NaN.
 */
export function createStep({
  network,
  table,
  sampler,
  negatives,
  dropout,
  clip,
  idDropout,
  beforeUpdate,
}: StepContext): TrainingStep {
  const inputs = createInputs(table, negatives.logQ?.(sampler))
  const drawn = new Int32Array(negatives.size)
  const rows = createRowGradients(table)
  const { trained } = network.parameters
  return (step, learningRate) => {
    const batch = sampler.next()
    negatives.draw(batch.targets, drawn)
    const bare = idDropout?.(step)
    const found = tidyNumbers(() => {
      const input = inputs.training(batch, drawn, dropout, step, bare)
      let parts: Record<string, tf.Scalar> = {}
      const leaves = [input.rows, input.targets, input.negatives]
      const xs: tf.Tensor[] = [...leaves, ...trained.map(({ variable }) => variable)]
      const { value, grads } = tf.engine().gradients(
        () => {
          const { total, parts: named } = network.loss(input)
          parts = {}
          for (const [name, part] of Object.entries(named)) parts[name] = tf.keep(part)
          return total
        },
        xs,
        undefined,
        true,
      )
      const names = Object.keys(parts)
      const numbers = tf.stack([value, ...names.map((name) => parts[name])]).dataSync()
      for (const name of names) parts[name].dispose()
      return {
        names,
        numbers,
        gradients: grads.map((grad) => grad?.dataSync() as Float32Array | undefined),
        items: input.places.items,
      }
    })
    const { names, numbers, gradients, items: ofPlaces } = found
    const loss = numbers[0]
    const report = { loss, parts: Object.fromEntries(names.map((name, i) => [name, numbers[i + 1]])) }
    if (!Number.isFinite(loss)) return report
    const [ofHistory, ofTargets, ofNegatives, ...dense] = gradients
    const { items, count, sums } = rows.add([
      [ofPlaces, ofHistory],
      [batch.targets, ofTargets],
      [drawn, ofNegatives],
    ])
    const scale = clipScale([sums, ...dense], clip)
    // What is not finite spreads to the dense parameters, which are few: looking at those costs next to nothing.
    const finite = dense.every((gradient) => !gradient || Number.isFinite(squaredNorm(gradient)))
    if (!finite || !Number.isFinite(scale)) return { ...report, loss: Number.NaN }
    beforeUpdate?.(step)
    const adam = adamStep(step, learningRate, scale)
    table.update(items, count, sums, adam, bare)
    network.parameters.update(dense, adam)
    return report
  }
}
