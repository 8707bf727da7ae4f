import * as tf from '@tensorflow/tfjs'
import { softmaxOfProducts } from './softmax-of-products.ts'

/**
 * Sampled softmax of a mixture over interests, `s(v) = log sum_k exp(u_k . v / tau + log p_k)`.
 *
 * `log p` rides along as one more dimension, `[u / tau, log p] . [v, 1]`, so the logits are products and nothing else.
 *
 * @param vectors `[batch, interests, dim]`
 * @param logProbabilities `[batch, interests]`
 * @param targets `[batch, dim]`
 * @param negatives `[negatives, dim]`
 * @param hits `[batch, 1]`, see `softmaxOfProducts`
 * @param logQ see `TrainingInput`
 */
export function mixtureSoftmax(
  vectors: tf.Tensor3D,
  logProbabilities: tf.Tensor2D,
  { targets, negatives }: { targets: tf.Tensor2D; negatives: tf.Tensor2D },
  hits: tf.Tensor2D,
  temperature: number,
  { bound, logQ }: { bound?: number; logQ?: { targets: tf.Tensor2D; negatives: tf.Tensor2D } } = {},
): tf.Scalar {
  const [batch, interests, dim] = vectors.shape
  const count = negatives.shape[0]
  const scaled = tf.mul(vectors, 1 / temperature)
  const products = tf.sum(tf.mul(scaled, tf.expandDims(targets, 1)), 2)
  let positive = tf.add(products, logProbabilities) as tf.Tensor2D
  const users: tf.Tensor[] = [scaled, tf.expandDims(logProbabilities, 2)]
  const items: tf.Tensor2D[] = [negatives, tf.ones([count, 1])]
  if (logQ) {
    positive = tf.sub(positive, logQ.targets)
    users.push(tf.ones([batch, interests, 1]))
    items.push(tf.neg(tf.transpose(logQ.negatives)) as tf.Tensor2D)
  }
  const width = dim + items.length - 1
  const left = tf.reshape(tf.concat(users, 2), [batch * interests, width]) as tf.Tensor2D
  return softmaxOfProducts(left, tf.concat2d(items, 1), positive, hits, logQ ? undefined : bound)
}
