import { InvalidInputError, type Matrix, parseOptions, type Random, random as seeded } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { constant, lookup, stopGradient, straightThrough } from './gradients.ts'
import { codebookHealth, type Health } from './health.ts'
import { type KMeansOptions, kMeans, sampleRows } from './k-means.ts'
import { decodeResidual, encodeResidual, type Level } from './residual-codes.ts'
import { type Codes, checkCodes, checkEnough, checkVectors, type Vectors } from './vectors.ts'

const schema = z.strictObject({
  levels: z.int().min(1).max(16).default(3),
  size: z.union([z.int().min(1).max(65536), z.array(z.int().min(1).max(65536)).min(1).max(16)]).default(256),
  dim: z.int().min(1),
  commitment: z.number().min(0).default(0.25),
  usageDecay: z.number().min(0).max(1).default(0.99),
})

/** Options of `createResidualQuantizer`. */
export interface ResidualQuantizerOptions {
  /** Levels, L. Default 3. */
  levels?: number
  /** Codewords per level, S, or one number for each level. Default 256. */
  size?: number | number[]
  /** Dimension of the vectors, d. */
  dim: number
  /** Weight of the commitment part in `losses.total`. Default .25. */
  commitment?: number
  /** What is left of the counted usage at each `observe`. Default .99. */
  usageDecay?: number
  /** Source of the first codewords, of k-means seeds and of revivals. Default: seed 1. */
  random?: Random
}

/** What `quantize` gives. All of it is the caller's to free; inside of `tf.tidy` that happens by itself. */
export interface Quantized {
  /** int32 `[batch, levels]`; a constant to gradients. */
  codes: tf.Tensor2D
  /** For each level the codewords, `[batch, dim]`: gradients reach the codebook through them. */
  quantized: tf.Tensor2D[]
  /** The sum of the levels' codewords, `[batch, dim]`, with the gradient passed straight through to `z`. */
  sum: tf.Tensor2D
  /** Scalars; each squared error is a mean over batch and dimensions, and a sum over levels. */
  losses: {
    /** `|z - sum_l e^l|^2`: reaches `z` and all codewords. */
    reconstruction: tf.Scalar
    /** `sum_l |sg r^(l-1) - e^l|^2`: reaches the codewords. */
    codebook: tf.Scalar
    /** `sum_l |r^(l-1) - sg e^l|^2`, residuals of constant codewords: reaches `z`. */
    commitment: tf.Scalar
    /** `reconstruction + codebook + options.commitment * commitment` */
    total: tf.Scalar
  }
}

/** A residual quantizer whose codewords are variables: it can be trained inside of somebody else's training step. */
export interface ResidualQuantizer {
  readonly dim: number
  /** Codewords per level. */
  readonly sizes: readonly number[]
  /** The codewords of each level, `[size, dim]`, for an optimizer. */
  readonly variables: tf.Variable[]
  /** One training step's quantization of `z`, `[batch, dim]`. */
  quantize(z: tf.Tensor2D): Quantized
  /** The codewords of a level (from 0), `[size, dim]`: the variable itself, so that gradients reach it. Not to be freed. */
  codewords(level: number): tf.Variable<tf.Rank.R2>
  /** Codes of vectors, outside of training. */
  encode(vectors: Vectors): Codes
  /** The sum of each row's codewords, `[rows, dim]`. */
  decode(codes: Codes): Matrix
  /** Sets all codewords by residual k-means on a batch of vectors. */
  initialize(vectors: Vectors, options?: KMeansOptions): void
  /** Counts the codes of a training step, for `reviveDead`. */
  observe(codes: tf.Tensor2D | Codes): void
  /**
   * Replaces each codeword that was observed less than `below` (default .1) of its fair share by what a random one of
   * `vectors` has left at its level.
   *
   * @returns the revived codes of each level
   */
  reviveDead(vectors: Vectors, options?: { below?: number }): number[][]
  /** Health over items, each counted once; with their vectors also the reconstruction error. */
  health(codes: Codes, vectors?: Vectors): Health
  /** Frees the codewords. */
  dispose(): void
}

/** `mean((a - b)^2)` over batch and dimensions. */
function meanSquare(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.square(tf.sub(a, b))) as tf.Scalar
}

/** Nearest codewords of the rows of a constant `residual`: int32 `[batch]`, without a `[batch, size, dim]` tensor. */
function assign(residual: tf.Tensor2D, codewords: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const bias = tf.mul(0.5, tf.sum(tf.square(codewords), 1))
    return tf.argMax(tf.sub(tf.matMul(residual, codewords, false, true), bias), 1) as tf.Tensor1D
  })
}

function add(tensors: tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tensors[0] : tf.addN(tensors)
}

/**
 * A residual quantizer (RQ; Lee et al., CVPR 2022, section 3.1): `r^0 = z`, `c^l = argmin_c |r^(l-1) - C^l_c|^2`,
 * `e^l = C^l[c^l]`, `r^l = r^(l-1) - e^l`.
 *
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 *
 * @example
 * const quantizer = createResidualQuantizer({ levels: 3, size: 64, dim: 32, random: random(1) })
 * quantizer.initialize(vectors)
 * const { value, grads } = tf.variableGrads(() => quantizer.quantize(encoder(x)).losses.total)
 */
export function createResidualQuantizer(options: ResidualQuantizerOptions): ResidualQuantizer {
  const { random = seeded(1), ...rest } = options
  const parsed = parseOptions(schema, rest, 'options of createResidualQuantizer')
  const { dim, usageDecay } = parsed
  const sizes = Array.isArray(parsed.size)
    ? parsed.size
    : Array.from({ length: parsed.levels }, () => 0 + Number(parsed.size))
  if (Array.isArray(parsed.size) && options.levels !== undefined && options.levels !== sizes.length) {
    throw new InvalidInputError('INVALID_OPTION', {
      what: 'The option "size" of createResidualQuantizer does not have one number per level',
      given: `${sizes.length} sizes for ${options.levels} levels`,
      next: 'Give as many sizes as levels, or leave out "levels".',
    })
  }
  const variables = sizes.map((size) => {
    const data = Float32Array.from({ length: size * dim }, () => random.normal() / Math.sqrt(dim))
    return tf.tidy(() => tf.variable(tf.tensor2d(data, [size, dim])))
  })
  const usage = sizes.map((size) => new Float64Array(size).fill(1 / size))

  const levels = (): Level[] =>
    variables.map((variable, l) => ({
      vectors: { data: variable.dataSync() as Float32Array, rows: sizes[l], dim },
    }))
  const setLevel = (l: number, data: Float32Array) =>
    tf.tidy(() => variables[l].assign(tf.tensor2d(data, [sizes[l], dim])))

  function quantize(z: tf.Tensor2D): Quantized {
    const codes: tf.Tensor1D[] = []
    const quantized: tf.Tensor2D[] = []
    const codebook: tf.Tensor[] = []
    const commitment: tf.Tensor[] = []
    return tf.tidy(() => {
      let residual = z
      for (const variable of variables) {
        const fixed = stopGradient(residual)
        const found = constant(() => assign(fixed, variable))
        const words = lookup(variable, found)
        const fixedWords = stopGradient(words)
        codes.push(found)
        quantized.push(words)
        codebook.push(meanSquare(fixed, words))
        commitment.push(meanSquare(residual, fixedWords))
        residual = tf.sub(residual, fixedWords)
      }
      const total = add(quantized) as tf.Tensor2D
      const reconstruction = meanSquare(z, total)
      const codebookLoss = add(codebook) as tf.Scalar
      const commitmentLoss = add(commitment) as tf.Scalar
      return {
        codes: constant(() => tf.stack(codes, 1) as tf.Tensor2D),
        quantized,
        sum: straightThrough(z, total),
        losses: {
          reconstruction,
          codebook: codebookLoss,
          commitment: commitmentLoss,
          total: tf.addN([reconstruction, codebookLoss, tf.mul(parsed.commitment, commitmentLoss)]) as tf.Scalar,
        },
      }
    })
  }

  function encode(vectors: Vectors): Codes {
    return encodeResidual(checkVectors(vectors, dim, 'encode'), levels())
  }

  function decode(codes: Codes): Matrix {
    checkCodes(codes, sizes)
    return decodeResidual(codes, levels())
  }

  function initialize(vectors: Vectors, kMeansOptions: KMeansOptions = {}): void {
    const matrix = checkVectors(vectors, dim, 'initialize')
    checkEnough(matrix.rows, Math.max(...sizes), 'initialize')
    const largest = Math.max(...sizes) * (kMeansOptions.samplesPerCode ?? 256)
    const sample = sampleRows(matrix, largest, random)
    let residual: Matrix = { ...sample, data: sample.data.slice() }
    for (const [l, size] of sizes.entries()) {
      const centres = kMeans(residual, size, random, kMeansOptions)
      setLevel(l, centres.data)
      usage[l].fill(1 / size)
      const left = new Float32Array(residual.data.length)
      encodeResidual(residual, [{ vectors: centres }], (block, start, count) =>
        left.set(block.subarray(0, count * dim), start * dim),
      )
      residual = { ...residual, data: left }
    }
  }

  function observe(codes: tf.Tensor2D | Codes): void {
    const data = codes instanceof tf.Tensor ? codes.dataSync() : codes.data
    const rows = data.length / sizes.length
    if (rows === 0) return
    for (const [l, shares] of usage.entries()) {
      for (let c = 0; c < shares.length; c++) shares[c] *= usageDecay
      for (let i = l; i < data.length; i += sizes.length) shares[data[i]] += (1 - usageDecay) / rows
    }
  }

  function reviveDead(vectors: Vectors, { below = 0.1 }: { below?: number } = {}): number[][] {
    const matrix = checkVectors(vectors, dim, 'reviveDead')
    let residual = matrix.data
    return sizes.map((size, l) => {
      const dead = Array.from(usage[l].keys()).filter((c) => usage[l][c] < below / size)
      const words = variables[l].dataSync().slice() as Float32Array
      if (dead.length > 0 && matrix.rows > 0) {
        const rows = random.shuffle(Int32Array.from({ length: matrix.rows }, (_, r) => r))
        for (const [i, c] of dead.entries()) {
          const r = rows[i % rows.length]
          words.set(residual.subarray(r * dim, (r + 1) * dim), c * dim)
          usage[l][c] = 1 / size
        }
        setLevel(l, words)
      }
      const left = new Float32Array(residual.length)
      const level = { vectors: { data: words, rows: size, dim } }
      encodeResidual({ data: residual, rows: matrix.rows, dim }, [level], (block, start, count) =>
        left.set(block.subarray(0, count * dim), start * dim),
      )
      residual = left
      return dead
    })
  }

  return {
    dim,
    sizes,
    variables,
    quantize,
    codewords: (level) => variables[level],
    encode,
    decode,
    initialize,
    observe,
    reviveDead,
    health(codes, vectors) {
      checkCodes(codes, sizes)
      if (!vectors) return codebookHealth(codes, sizes)
      return codebookHealth(codes, sizes, { vectors: checkVectors(vectors, dim, 'health'), decoded: decode(codes) })
    },
    dispose: () => tf.dispose(variables),
  }
}
