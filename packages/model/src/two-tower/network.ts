import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { normalize } from '../encoders/normalize.ts'
import { meanPool } from '../encoders/pool.ts'
import { createResidualMlp } from '../encoders/residual-mlp.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { TwoTowerOptions } from './two-tower.ts'

/** `u = n(x + W2 relu(W1 x + b1) + b2)`, `[dim]`, `x` `[dim]` the mean of the history, `W1` `[dim, hidden]`, `W2` `[hidden, dim]`. */
export function twoTowerNetwork(options: TwoTowerOptions, random: Random): Network {
  const { dim, hidden, temperature, normalize: normalized } = options
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const tower = createResidualMlp(parameters, 'user', { dim, hidden })
  const user = (input: HistoryInput): tf.Tensor2D => {
    const vector = tower(meanPool(read(input)))
    return normalized ? normalize(vector) : vector
  }
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'nearest',
    loss(input) {
      const recommendation = recommendationLoss(user(input), candidates(input, normalized), input, options)
      return { total: recommendation, parts: { recommendation } }
    },
    items: (rows) => (normalized ? normalize(rows) : rows),
    users: (input) => ({ vectors: tf.expandDims(user(input), 1) }),
    dispose: parameters.dispose,
  }
}
