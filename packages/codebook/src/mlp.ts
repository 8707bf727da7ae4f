import { f32, InvalidInputError, type Matrix, type Random, type SafeTensor } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'

/** A stack of dense layers with ReLU between them. */
export interface Mlp {
  readonly variables: tf.Variable[]
  /** `[batch, widths[0]]` to `[batch, widths.at(-1)]` */
  apply(x: tf.Tensor2D): tf.Tensor2D
  /** `apply` outside of training, in blocks. */
  map(vectors: Matrix): Matrix
}

/** Rows handled at a time by `map`. */
const BLOCK = 8192

/**
 * Creates the layers; weights are uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio, AISTATS 2010).
 *
 * @param widths of the input, the hidden layers and the output
 */
export function createMlp(widths: readonly number[], random: Random): Mlp {
  const layers = widths.slice(1).map((width, i) => {
    const from = widths[i]
    const bound = Math.sqrt(6 / (from + width))
    const data = Float32Array.from({ length: from * width }, () => (2 * random.next() - 1) * bound)
    return tf.tidy(() => ({
      weights: tf.variable(tf.tensor2d(data, [from, width])),
      bias: tf.variable(tf.zeros<tf.Rank.R1>([width])),
    }))
  })

  function apply(x: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      let hidden = x
      for (const [i, { weights, bias }] of layers.entries()) {
        const out = tf.add(tf.matMul(hidden, weights), bias) as tf.Tensor2D
        hidden = i + 1 < layers.length ? tf.relu(out) : out
      }
      return hidden
    })
  }

  function map({ data, rows, dim }: Matrix): Matrix {
    const width = widths[widths.length - 1]
    const mapped = new Float32Array(rows * width)
    for (let start = 0; start < rows; start += BLOCK) {
      const count = Math.min(BLOCK, rows - start)
      const block = tf.tidy(() => {
        const x = tf.tensor2d(data.subarray(start * dim, (start + count) * dim), [count, dim])
        return apply(x).dataSync()
      })
      mapped.set(block, start * width)
    }
    return { data: mapped, rows, dim: width }
  }

  return { variables: layers.flatMap(({ weights, bias }) => [weights, bias]), apply, map }
}

/** The variables' numbers by name, `<prefix>.<i>`: copies. */
export function mlpTensors(prefix: string, mlp: Mlp): Record<string, SafeTensor> {
  const entries = mlp.variables.map((variable, i) => {
    return [`${prefix}.${i}`, f32(variable.shape, Float32Array.from(variable.dataSync()))] as const
  })
  return Object.fromEntries(entries)
}

/** @throws InvalidInputError `WRONG_STATE` */
export function checkMlp(prefix: string, mlp: Mlp, arrays: Record<string, Float32Array>): void {
  for (const [i, variable] of mlp.variables.entries()) {
    const array = arrays[`${prefix}.${i}`]
    if (array?.length === variable.size && array.every(Number.isFinite)) continue
    throw new InvalidInputError('WRONG_STATE', {
      what: `The state does not fit this network at "${prefix}.${i}"`,
      given: array ? `${array.length} numbers, or some not finite` : 'nothing',
      allowed: `${variable.size} finite numbers`,
      next: 'Restore into a quantizer with the same layers.',
    })
  }
}

/** Sets the variables from arrays by name, which `checkMlp` has seen. */
export function restoreMlp(prefix: string, mlp: Mlp, arrays: Record<string, Float32Array>): void {
  tf.tidy(() => {
    for (const [i, variable] of mlp.variables.entries()) {
      variable.assign(tf.tensor(arrays[`${prefix}.${i}`], variable.shape))
    }
  })
}
