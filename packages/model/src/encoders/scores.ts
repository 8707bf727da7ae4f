import * as tf from '@tensorflow/tfjs'
import { softmaxOfProducts } from '../losses/softmax-of-products.ts'
import type { TrainingInput } from '../network.ts'
import { gatherRows } from './gather.ts'
import { normalize } from './normalize.ts'

/** Vectors of a batch's targets and negatives. */
export interface Candidates {
  /** `[size, dim]` */
  targets: tf.Tensor2D
  /** `[negatives, dim]` */
  negatives: tf.Tensor2D
}

/** Item vectors of targets and negatives, normalised or not. */
export function candidates(input: TrainingInput, normalized: boolean): Candidates {
  const prepare = (rows: tf.Tensor2D) => (normalized ? normalize(rows) : rows)
  return {
    targets: prepare(gatherRows(input.rows, input.targets)),
    negatives: prepare(gatherRows(input.rows, input.negatives)),
  }
}

/**
 * Sampled softmax of one vector per user.
 *
 * @param users `[size, dim]`, normalised where the items are
 */
export function softmaxOfUsers(
  users: tf.Tensor2D,
  { targets, negatives }: Candidates,
  input: TrainingInput,
  { temperature, normalize: normalized }: { temperature: number; normalize: boolean },
): tf.Scalar {
  const scaled = tf.mul(users, 1 / temperature) as tf.Tensor2D
  const positive = tf.sum(tf.mul(scaled, targets), 1, true) as tf.Tensor2D
  if (!input.logQ) {
    return softmaxOfProducts(scaled, negatives, positive, input.hits, normalized ? 1 / temperature : undefined)
  }
  // log Q rides along as one more dimension.
  const left = tf.concat2d([scaled, tf.ones<tf.Rank.R2>([input.size, 1])], 1)
  const right = tf.concat2d([negatives, tf.neg(tf.transpose(input.logQ.negatives)) as tf.Tensor2D], 1)
  return softmaxOfProducts(left, right, tf.sub(positive, input.logQ.targets), input.hits)
}
