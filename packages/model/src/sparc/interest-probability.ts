import * as tf from '@tensorflow/tfjs'
import { relu } from '../encoders/activation.ts'
import type { History } from '../encoders/history.ts'
import { normalize } from '../encoders/normalize.ts'
import { meanPool } from '../encoders/pool.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { Parameters } from '../training/parameters.ts'

/**
 * The interest-probability tower: histories to `log p(c | user)` over all interests, `[batch, codes]`.
 *
 * @param histogram `[batch, histogram]`, the share of each level-1 code among the items of the history, where the tower was made with one
 */
export type InterestProbability = (history: History, histogram?: tf.Tensor2D) => tf.Tensor2D

/**
 * `log softmax(L' x + W2' relu(W1' x + b1) + b2)`, `[codes]`, `L` `[2 dim + histogram, codes]`, `W1` `[2 dim + histogram, hidden]`, `W2` `[hidden, codes]`;
 * `x` `[2 dim + histogram]` the attention pool and the mean of the history side by side, each normalised, and after them the histogram: its rows of `L` and `W1` are the tower's own embeddings of the codes in the history. It has
 * parameters of its own and gets the history as a constant: what it learns does not move the items.
 *
 * @param sizes `histogram`: level-1 codes that a histogram is over; 0 for none
 */
export function createInterestProbability(
  parameters: Parameters,
  sizes: { dim: number; length: number; hidden: number; codes: number; histogram?: number },
): InterestProbability {
  const { dim, length, hidden, codes, histogram: counted = 0 } = sizes
  const attend = createSelfAttention(parameters, 'probability/attention', { dim, length, hidden, queries: 1 })
  const linear = parameters.add<tf.Rank.R2>('probability/linear', [2 * dim + counted, codes], 'glorot')
  const w1 = parameters.add<tf.Rank.R2>('probability/w1', [2 * dim + counted, hidden], 'glorot')
  const b1 = parameters.add<tf.Rank.R1>('probability/b1', [hidden], 'zeros')
  const w2 = parameters.add<tf.Rank.R2>('probability/w2', [hidden, codes], 'glorot')
  const b2 = parameters.add<tf.Rank.R1>('probability/b2', [codes], 'zeros')
  return (history, histogram) => {
    const pooled = tf.squeeze(attend(history), [1]) as tf.Tensor2D
    const x = tf.concat2d([normalize(pooled), normalize(meanPool(history)), ...(histogram ? [histogram] : [])], 1)
    const inner = relu(tf.add(tf.matMul(x, w1), b1) as tf.Tensor2D)
    const logits = tf.add(tf.add(tf.matMul(x, linear), tf.matMul(inner, w2)), b2)
    return tf.logSoftmax(logits) as tf.Tensor2D
  }
}
