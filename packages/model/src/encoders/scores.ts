import * as tf from '@tensorflow/tfjs'
import { contrastive } from '../losses/contrastive.ts'
import { hardNegativeSoftmax } from '../losses/hard-negative-softmax.ts'
import { binaryCrossEntropy, bpr } from '../losses/pairwise.ts'
import { softmaxOfProducts } from '../losses/softmax-of-products.ts'
import type { TrainingInput } from '../network.ts'
import type { CommonOptions } from '../options.ts'
import { equalPairs } from './equal-pairs.ts'
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
    targets: prepare(input.targets),
    negatives: prepare(input.negatives),
  }
}

/** What the loss of one vector per user needs to know. */
export type LossOptions = Pick<CommonOptions, 'temperature' | 'normalize' | 'loss' | 'hardness'>

/** What `hardness` is where it is not said: the best for REMI in a search (docs/tuning.md). */
const HARDNESS = 0.3

/**
 * The recommendation loss of one vector per user: sampled softmax, plain or with hard negatives weighing more, contrastive in the batch,
 * binary cross-entropy or BPR.
 *
 * @param users `[size, dim]`, normalised where the items are
 */
export function recommendationLoss(
  users: tf.Tensor2D,
  { targets, negatives }: Candidates,
  input: TrainingInput,
  { temperature, normalize: normalized, loss, hardness = HARDNESS }: LossOptions,
): tf.Scalar {
  if (loss === 'contrastive') return contrastive(users, targets, temperature, equalPairs(input.batch.targets))
  const scaled = tf.mul(users, 1 / temperature) as tf.Tensor2D
  const products = tf.sum(tf.mul(scaled, targets), 1, true) as tf.Tensor2D
  const positive = input.logQ ? (tf.sub(products, input.logQ.targets) as tf.Tensor2D) : products
  if (loss === 'bce' || loss === 'bpr') {
    const logits = tf.matMul(scaled, negatives, false, true) as tf.Tensor2D
    const negative = input.logQ ? (tf.sub(logits, input.logQ.negatives) as tf.Tensor2D) : logits
    const left = tf.sub(1, equalPairs(input.batch.targets, input.drawn)) as tf.Tensor2D
    return loss === 'bce' ? binaryCrossEntropy(positive, negative, left) : bpr(positive, negative, left)
  }
  const softmax = (users: tf.Tensor2D, items: tf.Tensor2D, bound?: number) =>
    loss === 'hard-softmax'
      ? hardNegativeSoftmax(users, items, positive, input.hits, hardness, bound)
      : softmaxOfProducts(users, items, positive, input.hits, bound)
  if (!input.logQ) return softmax(scaled, negatives, normalized ? 1 / temperature : undefined)
  // log Q rides along as one more dimension.
  const left = tf.concat2d([scaled, tf.ones<tf.Rank.R2>([input.size, 1])], 1)
  const right = tf.concat2d([negatives, tf.neg(tf.transpose(input.logQ.negatives)) as tf.Tensor2D], 1)
  return softmax(left, right)
}
