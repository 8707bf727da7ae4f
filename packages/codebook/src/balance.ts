import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'

export const balanceSchema = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('capacity'),
    capacity: z.number().min(1).default(1.25),
    levels: z.array(z.int().min(0)).default([0]),
  }),
  z.strictObject({
    by: z.literal('sinkhorn'),
    capacity: z.number().min(1).default(1.1),
    levels: z.array(z.int().min(0)).default([0]),
    epsilon: z.number().positive().default(0.05),
    iterations: z.int().min(1).default(20),
  }),
  z.strictObject({
    by: z.literal('entropy'),
    capacity: z.number().min(1).default(1.25),
    levels: z.array(z.int().min(0)).default([0]),
    weight: z.number().min(0).default(0.1),
    temperature: z.number().positive().default(0.1),
  }),
])

/** Parsed `balance` options. */
export type Balance = z.output<typeof balanceSchema>

/**
 * How the codes of a level are kept in balance. `levels` are counted from 0; default the first only, whose codes make
 * the shards of an index. Whatever is chosen, `rebalance` sets prices per code for the whole catalogue, at most
 * `capacity` times the fair share each, and `encode` keeps to them.
 *
 * - `capacity` (default 1.25): a training step takes the nearest codeword with its price.
 * - `sinkhorn`: a training step takes the codes of a balanced transport plan of the batch; `epsilon` is its smoothing,
 *   relative to the spread of the distances (default .05).
 * - `entropy`: `losses.balance`, weighted by `weight` (default .1), draws the mean soft assignment of the batch to the
 *   uniform one and each single one to one code; `temperature` (default .1) is relative to the mean distance.
 */
export type BalanceOptions = z.input<typeof balanceSchema>

/**
 * Codes of a balanced transport plan: every code is to carry the same mass of the batch (Cuturi, NeurIPS 2013, in the
 * log domain; used for codes by Caron et al., NeurIPS 2020, section 3.1).
 *
 * @param distances `[batch, size]`, squared; a constant per row makes no difference
 * @returns int32 `[batch]`, the code of the largest entry of each row of the plan
 */
export function sinkhornCodes(distances: tf.Tensor2D, epsilon: number, iterations: number): tf.Tensor1D {
  return tf.tidy(() => {
    const above = tf.sub(distances, tf.min(distances, 1, true))
    const scale = tf.maximum(tf.mean(above), 1e-12)
    const kernel = tf.div(above, tf.mul(scale, -epsilon))
    let columns: tf.Tensor = tf.zeros([1, distances.shape[1]])
    for (let i = 0; i < iterations; i++) {
      const rows = tf.neg(tf.logSumExp(tf.add(kernel, columns), 1, true))
      columns = tf.neg(tf.logSumExp(tf.add(kernel, rows), 0, true))
    }
    return tf.argMax(tf.add(kernel, columns), 1) as tf.Tensor1D
  })
}

/**
 * The entropy term: `mean_b H(p_b) - H(mean_b p_b)` with `p_b = softmax(-d_b / T)`, in units of `log size`, so that it
 * lies in -1 (certain and balanced) to 1 (Yu et al., MAGVIT-v2, ICLR 2024, equation 4).
 *
 * @param distances `[batch, size]`, squared, with their gradients
 */
export function entropyTerm(distances: tf.Tensor2D, temperature: number, scale: tf.Scalar): tf.Scalar {
  const logits = tf.div(distances, tf.mul(scale, -temperature))
  const logP = tf.logSoftmax(logits, 1)
  const p = tf.exp(logP)
  const single = tf.neg(tf.mean(tf.sum(tf.mul(p, logP), 1)))
  const mean = tf.mean(p, 0)
  const together = tf.neg(tf.sum(tf.mul(mean, tf.log(tf.add(mean, 1e-12)))))
  return tf.div(tf.sub(single, together), Math.log(Math.max(2, distances.shape[1]))) as tf.Scalar
}
