import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'

/**
 * Label-aware attention (MIND, equation 8): `u = sum_k softmax_k(pow(s_k, power)) v_k` with `s_k` the score of the target under
 * interest `k`, here not below 0, so that a power keeps their order; the best interest alone as the power grows.
 *
 * @param vectors `[batch, interests, dim]`
 * @param targets `[batch, dim]`
 * @param absent `[batch, interests]`: 0 for the interests that a user has, a large negative number for the others
 * @param scale what products are multiplied with to make scores
 * @param power null for infinity
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
  const products = tf.sum(tf.mul(vectors, tf.expandDims(targets, 1)), 2)
  const raised = power === 1 ? tf.relu(tf.mul(products, scale)) : tf.pow(tf.relu(tf.mul(products, scale)), power)
  const weights = tf.softmax(tf.add(raised, absent))
  return tf.sum(tf.mul(vectors, tf.expandDims(weights, 2)), 1)
}
