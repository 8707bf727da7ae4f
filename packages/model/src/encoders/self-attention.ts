import * as tf from '@tensorflow/tfjs'
import type { Parameters as ModelParameters } from '../training/parameters.ts'
import { tanh } from './activation.ts'
import { addPositions, createHistory, type History } from './history.ts'
import { attentionWeights } from './pool.ts'
import { project } from './project.ts'

/** For each query the weights of a history's items, `[size, queries, length]`, padding having none. */
export type Attention = (history: History) => tf.Tensor3D

/** The same, to several attention-pooled vectors of a history, `[size, queries, dim]`. */
export type SelfAttention = (history: History) => tf.Tensor3D

/**
 * Structured self-attention: `softmax_T(W2 tanh(W1 (H + P))) H`, positions for the weights only
 * (Lin et al., ICLR 2017, equations 5 and 6; ComiRec, KDD 2020, equation 8).
 */
export function createSelfAttention(...sizes: Parameters<typeof createAttention>): SelfAttention {
  const attend = createAttention(...sizes)
  return (history) => tf.matMul(attend(history), history.padded())
}

/** The weights of `createSelfAttention`, `softmax_T(W2 tanh(W1 (H + P)))`. */
export function createAttention(
  parameters: ModelParameters,
  name: string,
  {
    dim,
    length,
    hidden,
    queries,
    positions = parameters.add<tf.Rank.R2>(`${name}/positions`, [length, dim], { normal: 0.02 }),
  }: { dim: number; length: number; hidden: number; queries: number; positions?: tf.Variable<tf.Rank.R2> },
): Attention {
  const w1 = parameters.add<tf.Rank.R2>(`${name}/w1`, [dim, hidden], 'glorot')
  const w2 = parameters.add<tf.Rank.R2>(`${name}/w2`, [hidden, queries], 'glorot')
  return ({ rows, places }) => {
    const logits = project(tanh(tf.matMul(addPositions(rows, positions, places), w1)), w2)
    const perQuery = tf.transpose(createHistory(places, logits).padded(), [0, 2, 1]) as tf.Tensor3D
    return attentionWeights(perQuery, places.padding)
  }
}
