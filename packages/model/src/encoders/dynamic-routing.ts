import * as tf from '@tensorflow/tfjs'
import { stopGradient } from './constant.ts'

/**
 * `squash(s) = |s|^2 / (1 + |s|^2) * s / |s|`: the direction kept, the length brought below 1
 * (Sabour et al., NeurIPS 2017, equation 1).
 *
 * @param s `[..., dim]`
 */
export function squash<T extends tf.Tensor>(s: T): T {
  const square = tf.sum(tf.square(s), -1, true)
  return tf.mul(s, tf.div(square, tf.mul(tf.add(square, 1), tf.sqrt(tf.add(square, 1e-9))))) as T
}

/**
 * Behaviour-to-interest dynamic routing (MIND, arXiv 1904.08030, algorithm 1; ComiRec, arXiv 2005.09347, algorithm 1). With
 * `w = softmax over interests of b`, repeat: `v_k = squash(sum_t w_kt m_kt)`, `b_kt += v_k . m_kt`.
 *
 * All but the last iteration see the mapped behaviours as constants: the gradient passes once.
 *
 * @param mapped behaviours mapped into interest space, zeros at the padding: one map for all interests `[batch, history, dim]`,
 * or one for each `[batch, interests, history, dim]`
 * @param logits where `b` begins, `[batch or 1, interests, history]`; a constant
 * @returns `[batch, interests, dim]`
 */
export function routeDynamically(
  mapped: tf.Tensor3D | tf.Tensor4D,
  logits: tf.Tensor3D,
  iterations: number,
): tf.Tensor3D {
  const constant = stopGradient(mapped)
  const interests = logits.shape[1]
  let b: tf.Tensor3D = tf.add(logits, tf.zeros([mapped.shape[0], interests, 1]))
  for (let n = 1; n < iterations; n++) {
    const vectors = squash(collect(softmaxOverInterests(b), constant))
    b = tf.add(b, agreement(vectors, constant))
  }
  return squash(collect(softmaxOverInterests(b), mapped))
}

function softmaxOverInterests(b: tf.Tensor3D): tf.Tensor3D {
  return tf.transpose(tf.softmax(tf.transpose(b, [0, 2, 1])), [0, 2, 1]) as tf.Tensor3D
}

/** `sum_t w_kt m_kt`, `[batch, interests, dim]` */
function collect(weights: tf.Tensor3D, mapped: tf.Tensor3D | tf.Tensor4D): tf.Tensor3D {
  if (mapped.rank === 3) return tf.matMul(weights, mapped as tf.Tensor3D)
  return tf.squeeze(tf.matMul(tf.expandDims(weights, 2), mapped as tf.Tensor4D), [2])
}

/** `v_k . m_kt`, `[batch, interests, history]` */
function agreement(vectors: tf.Tensor3D, mapped: tf.Tensor3D | tf.Tensor4D): tf.Tensor3D {
  if (mapped.rank === 3) return tf.matMul(vectors, mapped as tf.Tensor3D, false, true)
  return tf.squeeze(tf.matMul(mapped as tf.Tensor4D, tf.expandDims(vectors, 3)), [3])
}
