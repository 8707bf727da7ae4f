import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { createCausalTransformer } from '../encoders/causal-transformer.ts'
import { gatherRows } from '../encoders/gather.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network, TrainingInput } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { SasrecOptions } from './sasrec.ts'

/** `F = transformer(sqrt(dim) h + P)`; the user vector is what stands at the last position. */
export function sasrecNetwork(options: SasrecOptions, random: Random): Network {
  const { dim, history: length, blocks, heads, hidden = dim, temperature, normalize: normalized, dropout } = options
  const parameters = createParameters(random)
  const transformer = createCausalTransformer(parameters, 'transformer', { dim, length, blocks, heads, hidden })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  /** `[size, history, dim]` */
  const encode = (input: HistoryInput): tf.Tensor3D => {
    const history = tf.mul(gatherRows(input.rows, input.history), Math.sqrt(dim))
    return transformer(history as tf.Tensor3D, input.padding, (x) => input.dropout(x, dropout))
  }
  const last = (states: tf.Tensor3D): tf.Tensor2D => tf.squeeze(tf.slice(states, [0, length - 1, 0], [-1, 1, -1]), [1])
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'max',
    loss(input) {
      const states = encode(input)
      const all = options.positions === 'all' && !input.logQ
      const examples = all ? everyPosition(states, input) : { users: last(states), input }
      const recommendation = recommendationLoss(
        finish(examples.users),
        candidates(examples.input, normalized),
        examples.input,
        options,
      )
      return { total: recommendation, parts: { recommendation } }
    },
    items: finish,
    users: (input) => ({ vectors: tf.expandDims(finish(last(encode(input))), 1) }),
    dispose: parameters.dispose,
  }
}

/**
 * A training input with an example for each position that holds an item: its state, and the item that came next.
 *
 * @param states `[size, history, dim]`
 */
export function everyPosition(states: tf.Tensor3D, input: TrainingInput): { users: tf.Tensor2D; input: TrainingInput } {
  const [size, length, dim] = states.shape
  const { items } = input.batch.histories
  const filled: number[] = []
  for (let at = 0; at < items.length; at++) if (items[at] >= 0) filled.push(at)
  const positions = tf.tensor1d(filled, 'int32')
  const following = tf.concat([tf.slice(input.history, [0, 1], [-1, length - 1]), tf.expandDims(input.targets, 1)], 1)
  const targets = tf.gather(tf.reshape(following, [size * length]), positions) as tf.Tensor1D
  const ones = tf.ones([input.negatives.shape[0], 1])
  const times = tf.unsortedSegmentSum(ones, input.negatives, input.rows.shape[0])
  return {
    users: gatherRows(tf.reshape(states, [size * length, dim]) as tf.Tensor2D, positions),
    input: { ...input, size: filled.length, targets, hits: tf.gather(times, targets) as tf.Tensor2D },
  }
}
