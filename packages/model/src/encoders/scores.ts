import * as tf from '@tensorflow/tfjs'
import { sampledSoftmax } from '../losses/sampled-softmax.ts'
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
  const scaled = tf.mul(users, 1 / temperature)
  let positive = tf.sum(tf.mul(scaled, targets), 1, true) as tf.Tensor2D
  let negative = tf.matMul(scaled, negatives, false, true) as tf.Tensor2D
  if (input.logQ) {
    positive = tf.sub(positive, input.logQ.targets)
    negative = tf.sub(negative, input.logQ.negatives)
  }
  const bound = normalized && !input.logQ ? 1 / temperature : undefined
  return sampledSoftmax(positive, negative, input.hits, bound)
}
