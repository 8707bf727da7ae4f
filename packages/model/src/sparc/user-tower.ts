import * as tf from '@tensorflow/tfjs'
import { gatherRows } from '../encoders/gather.ts'
import type { History } from '../encoders/history.ts'
import { normalize } from '../encoders/normalize.ts'
import { attentionWeights, meanPool } from '../encoders/pool.ts'
import { createResidualMlp } from '../encoders/residual-mlp.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { Parameters } from '../training/parameters.ts'
import type { SparcOptions } from './sparc.ts'

/** What interests ask a history with. */
export interface Queries {
  /** Histories, and interests of each. */
  shape: [batch: number, interests: number]
  /** Codewords, `[words, dim]`: gradients reach them. */
  words: tf.Tensor2D
  /** int32 `[batch * interests]`, the codeword of each; absent where there is one for each, in this order. */
  of?: tf.Tensor1D
}

/** The user side of SPARC: one general vector, and one vector for each interest asked for. */
export interface UserTower {
  /** `g`, `[batch, dim]`, not normalised. */
  general(history: History): tf.Tensor2D
  /** The vectors of interests, `[batch, interests, dim]`, not normalised. */
  interests(history: History, g: tf.Tensor2D, queries: Queries): tf.Tensor3D
}

/**
 * With `e_c` `[dim]` the codeword of interest `c`, `h_l` and `P_l` `[dim]` the history and its positions, `W1` `[dim, hidden]`, `w2` `[hidden]`, all other
 * `W` `[dim, dim]`, `b` `[length]`, `s` the sharpness, `gamma` `[dim]`, `n(x) = x / |x|`:
 *
 * - general vector `g = sum_l softmax(w2 tanh(W1 (h_l + P_l))) h_l`, or the mean through a residual layer
 * - interest attention `a_c = sum_l softmax(s (W_q e_c) . W_h (h_l + P_l) + b_l) h_l`
 * - `user: 'residual'`: `u_c = n(g) + gamma * (W_v n(a_c) + W_u e_c)`
 * - `user: 'attention'`: `u_c = W_v n(a_c) + W_u e_c`, the paper's: nothing but what the interest attends to
 */
export function createUserTower(parameters: Parameters, options: SparcOptions): UserTower {
  const { dim, history: length } = options
  const positions = parameters.add<tf.Rank.R2>('positions', [length, dim], { normal: 0.02 })
  const general = createGeneral(parameters, options, positions)
  const wq = parameters.add<tf.Rank.R2>('interest/query', [dim, dim], 'identity')
  const wh = parameters.add<tf.Rank.R2>('interest/key', [dim, dim], 'identity')
  const bias = parameters.add<tf.Rank.R1>('interest/bias', [length], 'zeros')
  const wv = parameters.add<tf.Rank.R2>('interest/value', [dim, dim], 'identity')
  const wu = parameters.add<tf.Rank.R2>('interest/codeword', [dim, dim], 'zeros')
  const gamma = parameters.add<tf.Rank.R1>('interest/gamma', [dim], 'ones')
  parameters.restore({ 'interest/gamma': new Float32Array(dim).fill(options.gamma) })
  return {
    general,
    interests(history, g, { shape: [batch, k], words, of }) {
      /** What was made of each codeword, where it is asked with. */
      const where = (x: tf.Tensor2D) => (of ? gatherRows(x, of) : x)
      const h = history.padded()
      // Codewords are few, so W_h goes to them: (W_q e) . W_h (h + P) = (W_h' W_q e) . h + (W_h' W_q e) . P.
      const both = tf.mul(tf.matMul(wq, wh, false, true), options.sharpness) as tf.Tensor2D
      const asked = tf.matMul(words, both) as tf.Tensor2D
      const ofPlaces = where(tf.add(tf.matMul(asked, positions, false, true), bias) as tf.Tensor2D)
      const ofItems = tf.matMul(tf.reshape(where(asked), [batch, k, dim]), h, false, true)
      const logits = tf.add(ofItems, tf.reshape(ofPlaces, [batch, k, length])) as tf.Tensor3D
      const weights = attentionWeights(logits, history.places.padding)
      const attended = tf.reshape(tf.matMul(weights, h), [batch * k, dim]) as tf.Tensor2D
      const own = tf.add(tf.matMul(normalize(attended), wv), where(tf.matMul(words, wu)))
      if (options.user === 'attention') return tf.reshape(own, [batch, k, dim])
      const added = tf.reshape(tf.mul(own, gamma), [batch, k, dim])
      return tf.add(tf.expandDims(normalize(g), 1), added)
    },
  }
}

/** The encoder of the general vector. */
function createGeneral(
  parameters: Parameters,
  { dim, history: length, hidden, general }: SparcOptions,
  positions: tf.Variable<tf.Rank.R2>,
): UserTower['general'] {
  if (general === 'mean') {
    const tower = createResidualMlp(parameters, 'general', { dim, hidden })
    return (history) => tower(meanPool(history))
  }
  const attend = createSelfAttention(parameters, 'general', { dim, length, hidden, queries: 1, positions })
  return (history) => tf.squeeze(attend(history), [1]) as tf.Tensor2D
}
