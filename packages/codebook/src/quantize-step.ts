import * as tf from '@tensorflow/tfjs'
import { type Balance, entropyTerm, sinkhornCodes } from './balance.ts'
import { constant, lookup, rotate, stopGradient, straightThrough } from './gradients.ts'
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

/** `mean((a - b)^2)` over batch and dimensions. */
function meanSquare(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.square(tf.sub(a, b))) as tf.Scalar
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

/**
 * One step of residual quantization: `r^0 = z`, `c^l = argmin_c |r^(l-1) - C^l_c|^2 + price^l_c`, `e^l = C^l[c^l]`,
 * `r^l = r^(l-1) - e^l` (Lee et al., CVPR 2022, section 3.1). With one level it is plain vector quantization (van den
 * Oord et al., NeurIPS 2017, equation 3).
 *
 * @param z `[batch, dim]`
 */
export function quantizeStep(z: tf.Tensor2D, levels: readonly StepLevel[], options: StepOptions): Quantized {
  const codes: tf.Tensor1D[] = []
  const quantized: tf.Tensor2D[] = []
  const codebook: tf.Tensor[] = []
  const commitment: tf.Tensor[] = []
  const balance: tf.Tensor[] = []
  return tf.tidy(() => {
    const input = options.metric === 'cosine' ? unitRows(z) : z
    let residual = input
    for (const [l, level] of levels.entries()) {
      const live = level.averaged ? stopGradient(level.codewords as tf.Tensor2D) : level.codewords
      const words = options.metric === 'cosine' ? unitRows(live) : live
      const fixed = stopGradient(residual)
      const balanced = options.balance?.levels.includes(l) ? options.balance : undefined
      const found = constant(() => assign(fixed, words, level, balanced))
      const chosen = lookup(words, found)
      const fixedChosen = stopGradient(chosen)
      codes.push(found)
      quantized.push(chosen)
      codebook.push(meanSquare(fixed, chosen))
      commitment.push(meanSquare(residual, fixedChosen))
      if (balanced?.by === 'entropy') {
        const distances = pricedDistances(residual, words)
        const scale = constant(() => tf.maximum(tf.mean(distances), 1e-12) as tf.Scalar)
        balance.push(entropyTerm(distances, balanced.temperature, scale))
      }
      residual = tf.sub(residual, fixedChosen)
    }
    const total = add(quantized) as tf.Tensor2D
    const losses = {
      reconstruction: meanSquare(input, total),
      codebook: add(codebook) as tf.Scalar,
      commitment: add(commitment) as tf.Scalar,
      balance: balance.length > 0 ? (add(balance) as tf.Scalar) : tf.scalar(0),
    }
    const parts: tf.Tensor[] = [losses.reconstruction, losses.codebook, tf.mul(options.commitment, losses.commitment)]
    if (options.balance?.by === 'entropy') parts.push(tf.mul(options.balance.weight, losses.balance))
    return {
      codes: constant(() => tf.stack(codes, 1) as tf.Tensor2D),
      quantized,
      sum: options.gradient === 'rotation' ? rotate(input, total) : straightThrough(input, total),
      losses: { ...losses, total: tf.addN(parts) as tf.Scalar },
    }
  })
}
