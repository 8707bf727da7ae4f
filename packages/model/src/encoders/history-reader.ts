import * as tf from '@tensorflow/tfjs'
import type { HistoryInput } from '../network.ts'
import type { CommonOptions } from '../options.ts'
import type { Parameters } from '../training/parameters.ts'
import { createCausalTransformer } from './causal-transformer.ts'
import { createHistory, type History } from './history.ts'

/** Standard deviation that positions begin with, as in the attention of the other encoders. */
const POSITION_SCALE = 0.02

/** The history as a user encoder reads it. */
export type HistoryReader = (input: HistoryInput) => History

/**
 * Item vectors after dropout, `h_t`; with `context` each knows what came before it: `h_t + T(h)_t W`, `T` the encoder of SASRec
 * (`createCausalTransformer`) and `W` `[dim, dim]`, which begins at zero, so that training begins without it.
 */
export function createHistoryReader(
  parameters: Parameters,
  { dim, history: length, dropout, context }: Pick<CommonOptions, 'dim' | 'history' | 'dropout' | 'context'>,
): HistoryReader {
  const dropped = (input: HistoryInput) => input.dropout(input.rows, dropout)
  if (!context) return (input) => createHistory(input.places, dropped(input))
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
    const rows = dropped(input)
    const states = transformer(rows, input.places, (x) => input.dropout(x, context.dropout))
    return createHistory(input.places, tf.add(rows, tf.matMul(states, output)))
  }
}
