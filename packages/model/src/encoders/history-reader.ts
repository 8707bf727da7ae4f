import * as tf from '@tensorflow/tfjs'
import type { HistoryInput } from '../network.ts'
import type { CommonOptions } from '../options.ts'
import type { Parameters } from '../training/parameters.ts'
import { createCausalTransformer } from './causal-transformer.ts'

/** Standard deviation that positions begin with, as in the attention of the other encoders. */
const POSITION_SCALE = 0.02

/** The history as a user encoder reads it, `[size, history, dim]`, zeros at the padding. */
export type HistoryReader = (input: HistoryInput) => tf.Tensor3D

/**
 * Item vectors after dropout, `h_t`; with `context` each knows what came before it: `h_t + T(h)_t W`, `T` the encoder of SASRec
 * (`createCausalTransformer`) and `W` `[dim, dim]`, which begins at zero, so that training begins without it.
 */
export function createHistoryReader(
  parameters: Parameters,
  { dim, history: length, dropout, context }: Pick<CommonOptions, 'dim' | 'history' | 'dropout' | 'context'>,
): HistoryReader {
  const dropped = (input: HistoryInput) => input.dropout(input.history, dropout)
  if (!context) return dropped
  const transformer = createCausalTransformer(parameters, 'context', {
    dim,
    length,
    blocks: context.blocks,
    heads: 1,
    hidden: dim,
    positionScale: POSITION_SCALE,
  })
  const output = parameters.add<tf.Rank.R2>('context/output', [dim, dim], 'zeros')
  return (input) => {
    const history = dropped(input)
    const states = transformer(history, input.padding, (x) => input.dropout(x, context.dropout))
    const flat = tf.reshape(states, [input.size * length, dim]) as tf.Tensor2D
    const added = tf.reshape(tf.matMul(flat, output), [input.size, length, dim])
    const there = tf.cast(tf.equal(tf.reshape(input.padding, [input.size, length, 1]), 0), 'float32')
    return tf.add(history, tf.mul(added, there)) as tf.Tensor3D
  }
}
