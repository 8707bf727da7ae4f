import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { gatherRows } from '../encoders/gather.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { ComirecSaOptions } from './comirec-sa.ts'
import { pickInterest } from './pick-interest.ts'

/** `V = softmax_T(W2 tanh(W1 (H + P))) H` (equation 8); in training, the interest that is nearest to the target (equation 9). */
export function comirecSaNetwork(options: ComirecSaOptions, random: Random): Network {
  const { dim, history: length, interests, hidden = 4 * dim, temperature, normalize: normalized, dropout } = options
  const parameters = createParameters(random)
  const attend = createSelfAttention(parameters, 'attention', { dim, length, hidden, queries: interests })
  const users = (input: HistoryInput): tf.Tensor3D => {
    const history = input.dropout(gatherRows(input.rows, input.history), dropout)
    return attend(history, input.padding)
  }
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'max',
    loss(input) {
      const items = candidates(input, normalized)
      const vectors = finish(users(input))
      const recommendation = recommendationLoss(pickInterest(vectors, items.targets), items, input, options)
      return { total: recommendation, parts: { recommendation } }
    },
    items: finish,
    users: (input, wanted = interests) => ({
      vectors: tf.slice(finish(users(input)), 0, [-1, Math.min(wanted, interests), -1]),
    }),
    dispose: parameters.dispose,
  }
}
