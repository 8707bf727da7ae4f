import * as tf from '@tensorflow/tfjs'
import type { EmbeddingTable } from '../embedding-table.ts'
import { PADDING_LOGIT } from '../encoders/pool.ts'
import type { HistoryInput, TrainingInput } from '../network.ts'
import type { Dropout } from './dropout.ts'
import { createLocator } from './locator.ts'
import type { NegativeSampler } from './negatives.ts'
import type { Batch, Histories } from './sampler.ts'

/** Dropout at serving time: none. */
export const noDropout: Dropout = (x) => x

/** Turns batches of item rows into the tensors that networks compute with. Its buffers are reused by the next batch. */
export interface Inputs {
  /** Catalogue rows behind the last input's `rows`, and how many. */
  readonly named: { rows: Int32Array; count: number }
  /** Tensors of a training batch; call inside of `tf.tidy`. */
  training(batch: Batch, negatives: Int32Array, dropout: Dropout, step: number): TrainingInput
  /** Tensors of histories to serve; call inside of `tf.tidy`. */
  serving(histories: Histories): HistoryInput
}

export function createInputs(table: EmbeddingTable, sampler?: Pick<NegativeSampler, 'logQ'>): Inputs {
  const { dim } = table
  const locator = createLocator(table.rows)
  let buffer = new Float32Array(0)
  let history = new Int32Array(0)
  const rowsTensor = () => {
    const length = locator.count * dim
    if (buffer.length < length) buffer = new Float32Array(Math.ceil(length * 1.25))
    table.gather(locator.rows, locator.count, buffer)
    return tf.tensor2d(buffer.subarray(0, length), [locator.count, dim])
  }
  const historyTensors = ({ items, rows, length }: Histories) => {
    if (history.length !== items.length) history = new Int32Array(items.length)
    locator.locate(items, history)
    const padding = new Float32Array(items.length)
    const lengths = new Float32Array(rows)
    for (let r = 0; r < rows; r++) {
      for (let t = 0; t < length; t++) {
        const at = r * length + t
        if (items[at] < 0) padding[at] = PADDING_LOGIT
        else lengths[r]++
      }
    }
    return {
      size: rows,
      history: tf.tensor2d(history, [rows, length], 'int32'),
      padding: tf.tensor3d(padding, [rows, 1, length]),
      lengths: tf.tensor2d(lengths, [rows, 1]),
    }
  }
  return {
    get named() {
      return { rows: locator.rows, count: locator.count }
    },
    training(batch, negatives, dropout, step) {
      locator.begin()
      const { targets } = batch
      const localTargets = new Int32Array(targets.length)
      const localNegatives = new Int32Array(negatives.length)
      const tensors = historyTensors(batch.histories)
      locator.locate(targets, localTargets)
      locator.locate(negatives, localNegatives)
      const times = new Float32Array(locator.count)
      for (const local of localNegatives) times[local]++
      const { logQ } = sampler ?? {}
      return {
        ...tensors,
        rows: rowsTensor(),
        targets: tf.tensor1d(localTargets, 'int32'),
        negatives: tf.tensor1d(localNegatives, 'int32'),
        hits: tf.tensor2d(
          Float32Array.from(localTargets, (local) => times[local]),
          [targets.length, 1],
        ),
        logQ: logQ && {
          targets: tf.tensor2d(Float32Array.from(targets, logQ), [targets.length, 1]),
          negatives: tf.tensor2d(Float32Array.from(negatives, logQ), [1, negatives.length]),
        },
        dropout,
        step,
        batch,
      }
    },
    serving(histories) {
      locator.begin()
      const tensors = historyTensors(histories)
      return { ...tensors, rows: rowsTensor(), dropout: noDropout }
    },
  }
}
