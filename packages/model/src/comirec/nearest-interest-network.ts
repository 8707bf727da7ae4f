import * as tf from '@tensorflow/tfjs'
import { normalize } from '../encoders/normalize.ts'
import { candidates, type LossOptions, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network } from '../network.ts'
import type { Parameters } from '../training/parameters.ts'
import { pickInterest } from './pick-interest.ts'

/**
 * What the two forms of ComiRec share: several vectors per user, and in training the
 * interest that is nearest to the target (equation 9).
 *
 * @param users `[size, interests, dim]`, before any normalisation
 */
export function nearestInterestNetwork(
  options: LossOptions & { interests: number; rank: 'mixture' | 'nearest' },
  parameters: Parameters,
  users: (input: HistoryInput) => tf.Tensor3D,
): Network {
  const { interests, temperature, normalize: normalized } = options
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
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
