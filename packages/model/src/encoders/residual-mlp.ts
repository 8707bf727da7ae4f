import * as tf from '@tensorflow/tfjs'
import type { Parameters } from '../training/parameters.ts'
import { relu } from './activation.ts'

/** `x + W2 relu(W1 x + b1) + b2`, `[batch, dim]` to `[batch, dim]`. */
export function createResidualMlp(
  parameters: Parameters,
  name: string,
  { dim, hidden }: { dim: number; hidden: number },
): (x: tf.Tensor2D) => tf.Tensor2D {
  const w1 = parameters.add<tf.Rank.R2>(`${name}/w1`, [dim, hidden], 'glorot')
  const b1 = parameters.add<tf.Rank.R1>(`${name}/b1`, [hidden], 'zeros')
  const w2 = parameters.add<tf.Rank.R2>(`${name}/w2`, [hidden, dim], 'glorot')
  const b2 = parameters.add<tf.Rank.R1>(`${name}/b2`, [dim], 'zeros')
  return (x) => {
    const inner = relu(tf.add(tf.matMul(x, w1), b1) as tf.Tensor2D)
    return tf.add(x, tf.add(tf.matMul(inner, w2), b2)) as tf.Tensor2D
  }
}
