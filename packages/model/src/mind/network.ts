import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { stopGradient } from '../encoders/constant.ts'
import { routeDynamically } from '../encoders/dynamic-routing.ts'
import { createHistory, PADDING_LOGIT } from '../encoders/history.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { normalize } from '../encoders/normalize.ts'
import { createResidualMlp } from '../encoders/residual-mlp.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import { labelAwareAttention } from './label-aware-attention.ts'
import type { MindOptions } from './mind.ts'

/**
 * Which interests a user has: `K' = max(1, min(K, log2 |history|))` (MIND, equation 7).
 *
 * @param lengths `[batch, 1]`
 * @returns `[batch, interests]`: 0 for the first K', `PADDING_LOGIT` for the others
 */
export function absentInterests(lengths: tf.Tensor2D, interests: number): tf.Tensor2D {
  // Interest k is there where log2 |history| >= k + 1; the first one always.
  const needed = tf.tensor2d([0, ...Array.from({ length: interests - 1 }, (_, k) => 2 ** (k + 2))], [1, interests])
  return tf.mul(tf.cast(tf.less(lengths, needed), 'float32'), PADDING_LOGIT)
}

/**
 * With `H` `[history, dim]` the items of a user, `S` `[dim, dim]` the one map, `b` `[interests, history]` logits drawn once and never trained:
 *
 * - routing (equations 3 to 6), `iterations` times: `w_t = softmax_k(b_kt)` over the user's `K'` interests, `v_k = squash(sum_t w_kt S h_t)`,
 *   `b_kt += v_k . S h_t`
 * - interests `u_k = n(v_k + W2 relu(W1 v_k + b1) + b2)`, `[interests, dim]`, `W1` `[dim, hidden]`
 * - in training label-aware attention (equation 8): the user is `sum_k softmax_k(pow(max(0, s_k), power)) u_k` `[dim]`, `s_k` the target's score
 */
export function mindNetwork(options: MindOptions, random: Random): Network {
  const { dim, history: length, interests, iterations, power, temperature, normalize: normalized } = options
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const map = parameters.add<tf.Rank.R2>('routing/map', [dim, dim], 'identity')
  // Drawn once and never trained: with one map for all interests, equal logits would make all interests equal.
  const logits = parameters.add<tf.Rank.R3>('routing/logits', [1, interests, length], { normal: 1 })
  const layer = createResidualMlp(parameters, 'interest', { dim, hidden: options.hidden })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  const users = (input: HistoryInput, absent: tf.Tensor2D): tf.Tensor3D => {
    const { rows, places } = read(input)
    const mapped = createHistory(places, tf.matMul(rows, map)).padded()
    const start = tf.add(stopGradient(logits as tf.Tensor3D), tf.expandDims(absent, 2)) as tf.Tensor3D
    const capsules = routeDynamically(mapped, start, iterations)
    const after = layer(tf.reshape(capsules, [input.size * interests, dim]) as tf.Tensor2D)
    const vectors = finish(tf.reshape(after, [input.size, interests, dim]) as tf.Tensor3D)
    // An interest that a user does not have becomes a copy of its first: the maximum over interests stays the same.
    const has = tf.expandDims(tf.cast(tf.equal(absent, 0), 'float32'), 2)
    const first = tf.slice(vectors, [0, 0, 0], [-1, 1, -1])
    return tf.add(tf.mul(vectors, has), tf.mul(first, tf.sub(1, has))) as tf.Tensor3D
  }
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
    loss(input) {
      const items = candidates(input, normalized)
      const absent = absentInterests(input.places.lengths, interests)
      const vector = labelAwareAttention(users(input, absent), items.targets, absent, 1 / temperature, power)
      const recommendation = recommendationLoss(vector, items, input, options)
      return { total: recommendation, parts: { recommendation } }
    },
    items: finish,
    users(input, wanted = interests) {
      const absent = absentInterests(input.places.lengths, interests)
      const vectors = tf.slice(users(input, absent), 0, [-1, Math.min(wanted, interests), -1])
      const own = tf.slice(tf.logSoftmax(absent), 0, [-1, Math.min(wanted, interests)]) as tf.Tensor2D
      return { vectors, logProbabilities: own }
    },
    dispose: parameters.dispose,
  }
}
