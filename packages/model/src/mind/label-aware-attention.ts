import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'

/** Where the power of a score is below 1, it has the slope that it has here for all smaller scores: at 0 it would be infinite. */
const LEAST_SCORE = 1e-6

/**
 * `pow(max(x, 0), power)`, with a gradient that is finite everywhere.
 *
 * @param power above 0
 */
function raise<T extends tf.Tensor>(x: T, power: number): T {
  if (power === 1) return tf.relu(x)
  if (power > 1) return tf.pow(tf.relu(x), power)
  return tf.mul(tf.pow(tf.maximum(x, LEAST_SCORE), power), tf.step(x))
}

/**
 * Label-aware attention (MIND, equation 8): `u = sum_k softmax_k(pow(s_k, power)) v_k` with `s_k` the score of the target under
 * interest `k`, here not below 0, so that a power keeps their order; the best interest alone as the power grows.
 *
 * @param vectors `[batch, interests, dim]`
 * @param targets `[batch, dim]`
 * @param absent `[batch, interests]`: 0 for the interests that a user has, a large negative number for the others
 * @param scale what products are multiplied with to make scores
 * @param power not below 0, null for infinity; 0 counts all interests that a user has alike
 * @returns `[batch, dim]`
 */
export function labelAwareAttention(
  vectors: tf.Tensor3D,
  targets: tf.Tensor2D,
  absent: tf.Tensor2D,
  scale: number,
  power: number | null,
): tf.Tensor2D {
  // Interests that a user does not have are copies of its first one, so the best one is always one that it has.
  if (power === null) return pickInterest(vectors, targets)
  const scores = () => tf.mul(tf.sum(tf.mul(vectors, tf.expandDims(targets, 1)), 2), scale)
  const weights = tf.softmax(power === 0 ? absent : tf.add(raise(scores(), power), absent))
  return tf.sum(tf.mul(vectors, tf.expandDims(weights, 2)), 1)
}
