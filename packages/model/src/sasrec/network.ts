import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { createCausalTransformer } from '../encoders/causal-transformer.ts'
import { gatherRows } from '../encoders/gather.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network, TrainingInput } from '../network.ts'
import { timesDrawn } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import type { SasrecOptions } from './sasrec.ts'

/** `F = transformer(sqrt(dim) h + P)`; the user vector is what stands at the last position. */
export function sasrecNetwork(options: SasrecOptions, random: Random): Network {
  const { dim, history: length, hidden = dim, temperature, normalize: normalized, dropout } = options
  const parameters = createParameters(random)
  const transformer = createCausalTransformer(parameters, 'transformer', { ...options, length, hidden })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  /** `[size, history, dim]` */
  const encode = (input: HistoryInput): tf.Tensor3D => {
    const history = tf.mul(input.history, Math.sqrt(dim))
    return transformer(history as tf.Tensor3D, input.padding, (x) => input.dropout(x, dropout))
  }
  const last = (states: tf.Tensor3D): tf.Tensor2D => tf.squeeze(tf.slice(states, [0, length - 1, 0], [-1, 1, -1]), [1])
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'nearest',
    loss(input) {
      const states = encode(input)
      const examples = options.positions === 'all' ? everyPosition(states, input) : { users: last(states), input }
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
  const { logQ } = input
  const { histories, targets } = input.batch
  const { items } = histories
  const filled: number[] = []
  for (let at = 0; at < items.length; at++) if (items[at] >= 0) filled.push(at)
  const following = Int32Array.from(filled, (at) =>
    at % length === length - 1 ? targets[Math.floor(at / length)] : items[at + 1],
  )
  const positions = tf.tensor1d(filled, 'int32')
  const after = tf.concat(
    [tf.slice(input.history, [0, 1, 0], [-1, length - 1, -1]), tf.expandDims(input.targets, 1)],
    1,
  )
  const rows = (vectors: tf.Tensor) => gatherRows(tf.reshape(vectors, [size * length, dim]) as tf.Tensor2D, positions)
  return {
    users: rows(states),
    input: {
      ...input,
      size: filled.length,
      batch: { ...input.batch, targets: following },
      targets: rows(after),
      hits: tf.tensor2d(timesDrawn(following, input.drawn), [filled.length, 1]),
      logQ: logQ && { ...logQ, targets: tf.tensor2d(Float32Array.from(following, logQ.of), [filled.length, 1]) },
    },
  }
}
