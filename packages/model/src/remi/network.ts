import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import { createAttention } from '../encoders/self-attention.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { RemiOptions } from './remi.ts'
import { routingVariance } from './routing-variance.ts'

/**
 * ComiRec-SA's interests (`comirecSaNetwork`), `A` `[interests, history]` their attention. With `u` `[dim]` the one nearest to the target `v`, `s(x)`
 * the score of an item, `N` negatives and their weights `w_n = N exp(beta s(n)) / sum_m exp(beta s(m))` (equations 6 to 8), the loss is
 *
 * `-s(v) + log(exp s(v) + sum_n w_n exp s(n)) + lambda * routingVariance(A)` (`hardNegativeSoftmax`; equation 10)
 */
export function remiNetwork(options: RemiOptions, random: Random): Network {
  const { dim, history: length, interests, hidden = 4 * dim, temperature, normalize: normalized } = options
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const attend = createAttention(parameters, 'attention', { dim, length, hidden, queries: interests })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  const encode = (input: HistoryInput) => {
    const history = read(input)
    const weights = attend(history)
    return { weights, vectors: finish(tf.matMul(weights, history.padded()) as tf.Tensor3D) }
  }
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
    loss(input) {
      const { weights, vectors } = encode(input)
      const items = candidates(input, normalized)
      const picked = pickInterest(vectors, items.targets)
      const parts = {
        softmax: recommendationLoss(picked, items, input, { ...options, loss: 'hard-softmax', hardness: options.beta }),
        routing: routingVariance(weights, input.places),
      }
      return { total: tf.add(parts.softmax, tf.mul(parts.routing, options.lambda)), parts }
    },
    items: finish,
    users: (input, wanted = interests) => ({
      vectors: tf.slice(encode(input).vectors, 0, [-1, Math.min(wanted, interests), -1]),
    }),
    dispose: parameters.dispose,
  }
}
