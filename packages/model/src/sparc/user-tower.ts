import * as tf from '@tensorflow/tfjs'
import { normalize } from '../encoders/normalize.ts'
import { attentionWeights, meanPool } from '../encoders/pool.ts'
import { createResidualMlp } from '../encoders/residual-mlp.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { HistoryInput } from '../network.ts'
import type { Parameters } from '../training/parameters.ts'
import type { SparcOptions } from './sparc.ts'

/** The user side of SPARC: one general vector, and one vector for each interest asked for. */
export interface UserTower {
  /** `g`, `[batch, history, dim]` to `[batch, dim]`, not normalised. */
  general(history: tf.Tensor3D, input: HistoryInput): tf.Tensor2D
  /**
   * The vectors of interests, `[batch, interests, dim]`, not normalised.
   *
   * @param queries `[batch, interests, dim]`, codewords: gradients reach them
   */
  interests(history: tf.Tensor3D, padding: tf.Tensor3D, g: tf.Tensor2D, queries: tf.Tensor3D): tf.Tensor3D
}

/**
 * With `e_c` the codeword of interest `c`, `h_l` and `P_l` the history and its positions:
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
    interests(h, padding, g, queries) {
      const [batch, k] = queries.shape
      const e = tf.reshape(queries, [batch * k, dim]) as tf.Tensor2D
      const flat = tf.reshape(tf.add(h, positions), [batch * length, dim]) as tf.Tensor2D
      const keys = tf.reshape(tf.matMul(flat, wh), [batch, length, dim]) as tf.Tensor3D
      const asked = tf.reshape(tf.matMul(tf.mul(e, options.sharpness), wq), [batch, k, dim]) as tf.Tensor3D
      const logits = tf.add(tf.matMul(asked, keys, false, true), bias) as tf.Tensor3D
      const attended = tf.reshape(tf.matMul(attentionWeights(logits, padding), h), [batch * k, dim]) as tf.Tensor2D
      const own = tf.add(tf.matMul(normalize(attended), wv), tf.matMul(e, wu))
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
    return (history, input) => tower(meanPool(history, input.lengths))
  }
  const attend = createSelfAttention(parameters, 'general', { dim, length, hidden, queries: 1, positions })
  return (history, input) => tf.squeeze(attend(history, input.padding), [1]) as tf.Tensor2D
}
