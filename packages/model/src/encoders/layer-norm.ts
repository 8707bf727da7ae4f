import * as tf from '@tensorflow/tfjs'
import type { Parameters } from '../training/parameters.ts'

/** `gain * (x - mean) / deviation + bias` over the last axis (Ba et al., 2016, equation 4). `[..., dim]` */
export function createLayerNorm(parameters: Parameters, name: string, dim: number): <T extends tf.Tensor>(x: T) => T {
  const gain = parameters.add<tf.Rank.R1>(`${name}/gain`, [dim], 'ones')
  const bias = parameters.add<tf.Rank.R1>(`${name}/bias`, [dim], 'zeros')
  return (x) => {
    const apart = tf.sub(x, tf.mean(x, -1, true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(apart), -1, true), 1e-8))
    return tf.add(tf.mul(tf.mul(apart, inverse), gain), bias)
  }
}
