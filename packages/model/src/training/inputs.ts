import * as tf from '@tensorflow/tfjs'
import type { Bare, EmbeddingTable } from '../embedding-table.ts'
import { placesOf } from '../encoders/history.ts'
import type { HistoryInput, TrainingInput } from '../network.ts'
import type { Dropout } from './dropout.ts'
import type { Batch, Histories } from './sampler.ts'

/** Dropout at serving time: none. */
export const noDropout: Dropout = (x) => x

/** Turns batches of item rows into the tensors that networks compute with. Its buffers are reused by the next batch. */
export interface Inputs {
  /**
   * Tensors of a training batch; call inside of `tf.tidy`.
   *
   * @param bare items whose vectors are of their features alone
   */
  training(batch: Batch, drawn: Int32Array, dropout: Dropout, step: number, bare?: Bare): TrainingInput
  /** Tensors of histories to serve; call inside of `tf.tidy`. */
  serving(histories: Histories): HistoryInput
}

/** @param logQ what to subtract from the logit of an item, see `NegativeSampler`; nothing where it is left out */
export function createInputs(table: EmbeddingTable, logQ?: (item: number) => number): Inputs {
  const { dim } = table
  // TensorFlow reads numbers when it needs them first, so what is alive together has buffers of its own.
  const buffers = { history: new Float32Array(0), targets: new Float32Array(0), negatives: new Float32Array(0) }
  const vectors = (use: keyof typeof buffers, items: Int32Array, bare?: Bare) => {
    const length = items.length * dim
    if (buffers[use].length < length) buffers[use] = new Float32Array(length)
    table.gather(items, items.length, buffers[use], bare)
    return buffers[use].subarray(0, length)
  }
  const ofHistories = (histories: Histories, bare?: Bare) => {
    const places = placesOf(histories)
    const { items } = places
    return {
      size: histories.rows,
      rows: tf.tensor2d(vectors('history', items, bare), [items.length, dim]),
      places,
    }
  }
  return {
    training(batch, drawn, dropout, step, bare) {
      const { targets } = batch
      return {
        ...ofHistories(batch.histories, bare),
        targets: tf.tensor2d(vectors('targets', targets, bare), [targets.length, dim]),
        negatives: tf.tensor2d(vectors('negatives', drawn, bare), [drawn.length, dim]),
        hits: tf.tensor2d(timesDrawn(targets, drawn), [targets.length, 1]),
        logQ: logQ && {
          targets: tf.tensor2d(Float32Array.from(targets, logQ), [targets.length, 1]),
          negatives: tf.tensor2d(Float32Array.from(drawn, logQ), [1, drawn.length]),
          of: logQ,
        },
        dropout,
        step,
        batch,
        drawn,
      }
    },
    serving: (histories) => ({ ...ofHistories(histories), dropout: noDropout }),
  }
}

/** How often each of `items` is among `drawn`. */
export function timesDrawn(items: Int32Array, drawn: Int32Array): Float32Array {
  const times = new Map<number, number>()
  for (const item of drawn) times.set(item, (times.get(item) ?? 0) + 1)
  return Float32Array.from(items, (item) => times.get(item) ?? 0)
}
