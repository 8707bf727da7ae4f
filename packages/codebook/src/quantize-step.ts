import * as tf from '@tensorflow/tfjs'
import { type Balance, entropyTerm, sinkhornCodes } from './balance.ts'
import { constant, lookup, rotate, stopGradient, straightThrough, withGradient } from './gradients.ts'
import type { Quantized } from './quantizer.ts'

/** What a training step of a quantizer depends on, besides its codewords. */
export interface StepOptions {
  metric: 'euclidean' | 'cosine'
  gradient: 'straight-through' | 'rotation'
  /** Weight of the commitment part. */
  commitment: number
  balance?: Balance
}

/** One level in a training step. */
export interface StepLevel {
  /** `[size, dim]` */
  codewords: tf.Variable<tf.Rank.R2>
  /** `[size]`, squared distances */
  prices: tf.Variable<tf.Rank.R1>
  /** Codewords kept by moving averages are constants to gradients. */
  averaged: boolean
}

/** Rows made length 1. */
export function unitRows(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)))
}

/** `|r - c|^2 + price`, `[batch, size]`, by one product of matrices: no `[batch, size, dim]` tensor is made. */
function pricedDistances(residual: tf.Tensor2D, words: tf.Tensor2D, prices?: tf.Tensor1D): tf.Tensor2D {
  const squares = tf.sum(tf.square(words), 1)
  const bias = prices ? tf.add(squares, prices) : squares
  const dots = tf.matMul(residual, words, false, true)
  return tf.add(tf.sub(bias, tf.mul(2, dots)), tf.sum(tf.square(residual), 1, true))
}

/** Codes of the rows of a constant `residual`: int32 `[batch]`. */
function assign(residual: tf.Tensor2D, words: tf.Tensor2D, level: StepLevel, balance?: Balance): tf.Tensor1D {
  return tf.tidy(() => {
    if (balance?.by === 'sinkhorn') {
      return sinkhornCodes(pricedDistances(residual, words), balance.epsilon, balance.iterations)
    }
    // The residual's own length is the same for all codes.
    const bias = tf.mul(0.5, tf.add(tf.sum(tf.square(words), 1), level.prices))
    return tf.argMax(tf.sub(tf.matMul(residual, words, false, true), bias), 1) as tf.Tensor1D
  })
}

function add(tensors: tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tf.clone(tensors[0]) : tf.addN(tensors)
}

/** What a level did to a batch, as constants. */
interface Assigned {
  /** int32 `[batch]` */
  codes: tf.Tensor1D
  /** `[batch, dim]`: before the level, the codewords, and what they left. */
  before: tf.Tensor2D
  chosen: tf.Tensor2D
  left: tf.Tensor2D
  /** Mean of `left^2` over batch and dimensions. */
  error: tf.Scalar
}

/** Goes through the levels outside of the gradient tape. */
function assignAll(
  input: tf.Tensor2D,
  words: readonly tf.Tensor2D[],
  levels: readonly StepLevel[],
  balance?: Balance,
): Assigned[] {
  let before = stopGradient(input)
  return levels.map((level, l) => {
    const residual = before
    const codes = constant(() => assign(residual, words[l], level, balance?.levels.includes(l) ? balance : undefined))
    const chosen = constant(() => tf.gather(words[l], codes))
    const left = constant(() => tf.sub<tf.Tensor2D>(residual, chosen))
    before = left
    return { codes, before: residual, chosen, left, error: constant(() => tf.mean(tf.square(left)) as tf.Scalar) }
  })
}

/**
 * One step of residual quantization: `r^0 = z`, `c^l = argmin_c |r^(l-1) - C^l_c|^2 + price^l_c`, `e^l = C^l[c^l]`,
 * `r^l = r^(l-1) - e^l` (Lee et al., CVPR 2022, section 3.1). With one level it is plain vector quantization (van den
 * Oord et al., NeurIPS 2017, equation 3).
 *
 * All squared errors are means of `(r^l)^2`, and their gradients multiples of `r^l`, so both are computed once.
 *
 * @param z `[batch, dim]`
 */
export function quantizeStep(z: tf.Tensor2D, levels: readonly StepLevel[], options: StepOptions): Quantized {
  return tf.tidy(() => {
    const input = options.metric === 'cosine' ? unitRows(z) : z
    const words = levels.map(({ codewords, averaged }) => {
      const live = averaged ? stopGradient(codewords as tf.Tensor2D) : codewords
      return options.metric === 'cosine' ? unitRows(live) : live
    })
    const assigned = assignAll(input, words, levels, options.balance)
    const quantized = assigned.map(({ codes, chosen }, l) => lookup(words[l], codes, chosen))
    const total = add(quantized) as tf.Tensor2D
    const last = assigned[assigned.length - 1]
    const slope = 2 / Math.max(1, input.size)
    const error = constant(() => add(assigned.map((level) => level.error)) as tf.Scalar)
    const allLeft = constant(() => add(assigned.map((level) => level.left)) as tf.Tensor2D)
    const pulls = assigned.map(({ left, error }, l) => withGradient(quantized[l], error, left, -slope))
    const losses = {
      reconstruction: withGradient(tf.sub(input, total), last.error, last.left, slope),
      codebook: add(pulls) as tf.Scalar,
      commitment: withGradient(input, error, allLeft, slope),
      balance: entropyOf(input, words, assigned, options.balance),
    }
    const parts: tf.Tensor[] = [losses.reconstruction, losses.codebook, tf.mul(options.commitment, losses.commitment)]
    if (options.balance?.by === 'entropy') parts.push(tf.mul(options.balance.weight, losses.balance))
    return {
      codes: constant(
        () =>
          tf.stack(
            assigned.map(({ codes }) => codes),
            1,
          ) as tf.Tensor2D,
      ),
      quantized,
      sum: options.gradient === 'rotation' ? rotate(input, total) : straightThrough(input, total),
      losses: { ...losses, total: tf.addN(parts) as tf.Scalar },
    }
  })
}

/** The sum of the balanced levels' entropy terms; 0 where there is none. */
function entropyOf(
  input: tf.Tensor2D,
  words: readonly tf.Tensor2D[],
  assigned: readonly Assigned[],
  balance?: Balance,
): tf.Scalar {
  if (balance?.by !== 'entropy') return tf.scalar(0)
  const terms = assigned.flatMap(({ before }, l) => {
    if (!balance.levels.includes(l)) return []
    // The residual with the gradient of z: the codewords before it are constants.
    const distances = pricedDistances(straightThrough(input, before), words[l])
    const scale = constant(() => tf.maximum(tf.mean(distances), 1e-12) as tf.Scalar)
    return [entropyTerm(distances, balance.temperature, scale)]
  })
  return terms.length > 0 ? (add(terms) as tf.Scalar) : tf.scalar(0)
}
