import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { createCausalTransformer } from '../encoders/causal-transformer.ts'
import { gatherRows } from '../encoders/gather.ts'
import { lastOf } from '../encoders/history.ts'
import { normalize } from '../encoders/normalize.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import type { HistoryInput, Network, TrainingInput } from '../network.ts'
import { timesDrawn } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import type { SasrecOptions } from './sasrec.ts'

/**
 * With `h` `[history, dim]` the items of a user and `P` `[history, dim]` positions: states `F = transformer(sqrt(dim) h + P)`, `[history, dim]`
 * (`createCausalTransformer`); the user vector is `n(F_T)`, `[dim]`, of the last position `T`. In training each state `F_t` is held against the item
 * that came next, `t + 1` or at last the target (`positions: 'all'`), or the last state against the target alone.
 */
export function sasrecNetwork(options: SasrecOptions, random: Random): Network {
  const { dim, history: length, hidden = dim, temperature, normalize: normalized, dropout } = options
  const parameters = createParameters(random)
  const transformer = createCausalTransformer(parameters, 'transformer', { ...options, length, hidden })
  const finish = <T extends tf.Tensor>(vectors: T): T => (normalized ? normalize(vectors) : vectors)
  /** `[filled, dim]` */
  const encode = ({ rows, places, dropout: drop }: HistoryInput): tf.Tensor2D =>
    transformer(tf.mul(rows, Math.sqrt(dim)), places, (x) => drop(x, dropout))
  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'nearest',
    loss(input) {
      const states = encode(input)
      const examples =
        options.positions === 'all' ? everyPosition(states, input) : { users: lastOf(states, input.places), input }
      const recommendation = recommendationLoss(
        finish(examples.users),
        candidates(examples.input, normalized),
        examples.input,
        options,
      )
      return { total: recommendation, parts: { recommendation } }
    },
    items: finish,
    users: (input) => ({ vectors: tf.expandDims(finish(lastOf(encode(input), input.places)), 1) }),
    dispose: parameters.dispose,
  }
}

/**
 * A training input with an example for each item of a history: its state, and the item that came next.
 *
 * @param states `[filled, dim]`
 */
export function everyPosition(states: tf.Tensor2D, input: TrainingInput): { users: tf.Tensor2D; input: TrainingInput } {
  const { logQ, places } = input
  const { targets } = input.batch
  const { items } = places
  const owners = places.at.map((at) => Math.floor(at / places.length))
  const filled = items.length
  // Rows of the history, and after them the targets: what follows is the next row, or the target of the history that ends.
  const next = owners.map((owner, at) => (owners[at + 1] === owner ? at + 1 : filled + owner))
  const following = next.map((at) => (at < filled ? items[at] : targets[at - filled]))
  return {
    users: states,
    input: {
      ...input,
      size: filled,
      batch: { ...input.batch, targets: following },
      targets: gatherRows(tf.concat2d([input.rows, input.targets], 0), tf.tensor1d(next, 'int32')),
      hits: tf.tensor2d(timesDrawn(following, input.drawn), [filled, 1]),
      logQ: logQ && { ...logQ, targets: tf.tensor2d(Float32Array.from(following, logQ.of), [filled, 1]) },
    },
  }
}
