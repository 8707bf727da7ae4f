import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'
import { equalPairs } from '../encoders/equal-pairs.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates } from '../encoders/scores.ts'
import { createAttention } from '../encoders/self-attention.ts'
import { hardNegativeSoftmax } from '../losses/hard-negative-softmax.ts'
import type { HistoryInput, Network, TrainingInput } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { RemiOptions } from './remi.ts'
import { routingVariance } from './routing-variance.ts'

/** ComiRec-SA's interests; sampled softmax over weighted negatives, plus `regularization` times the routing's variance. */
export function remiNetwork(options: RemiOptions, random: Random): Network {
  const { dim, history: length, interests, hidden = 4 * dim, temperature, normalize: normalized, dropout } = options
  const parameters = createParameters(random)
  const attend = createAttention(parameters, 'attention', { dim, length, hidden, queries: interests })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  const encode = (input: HistoryInput) => {
    const history = input.dropout(input.history, dropout)
    const weights = attend(history, input.padding)
    return { weights, vectors: finish(tf.matMul(weights, history) as tf.Tensor3D) }
  }
  const softmax = (vectors: tf.Tensor3D, input: TrainingInput): tf.Scalar => {
    const { targets, negatives } = candidates(input, normalized)
    const user = tf.mul(pickInterest(vectors, targets), 1 / temperature)
    let positive = tf.sum(tf.mul(user, targets), 1, true) as tf.Tensor2D
    let negative = tf.matMul(user, negatives, false, true) as tf.Tensor2D
    if (input.logQ) {
      positive = tf.sub(positive, input.logQ.targets)
      negative = tf.sub(negative, input.logQ.negatives)
    }
    return hardNegativeSoftmax(
      positive,
      negative,
      tf.sub(1, equalPairs(input.batch.targets, input.drawn)),
      options.beta,
    )
  }
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
    loss(input) {
      const { weights, vectors } = encode(input)
      const parts = {
        softmax: softmax(vectors, input),
        routing: routingVariance(weights, input.padding, input.lengths),
      }
      return { total: tf.add(parts.softmax, tf.mul(parts.routing, options.regularization)), parts }
    },
    items: finish,
    users: (input, wanted = interests) => ({
      vectors: tf.slice(encode(input).vectors, 0, [-1, Math.min(wanted, interests), -1]),
    }),
    dispose: parameters.dispose,
  }
}
