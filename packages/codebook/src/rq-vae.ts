import { type Matrix, parseOptions, type Random, random as seeded } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { withColumns } from './arrow.ts'
import { codebookTensors } from './codebook-state.ts'
import { fitInSteps } from './fit.ts'
import { codebookHealth } from './health.ts'
import { checkMlp, createMlp, type Mlp, mlpTensors, restoreMlp } from './mlp.ts'
import type { EncodeOptions, Quantized, TrainableQuantizer } from './quantizer.ts'
import { levelSizes, type ResidualQuantizerOptions, residualSchema } from './residual-quantizer.ts'
import { saveQuantizer } from './save.ts'
import { createTrainable, type TrainableOptions } from './trainable.ts'
import { type Codes, checkCodes, checkVectors, type Vectors } from './vectors.ts'
import { warmUp } from './warm-up.ts'

export const rqVaeSchema = residualSchema.extend({
  encoder: z.enum(['mlp', 'identity']).default('mlp'),
  hidden: z.array(z.int().min(1)).default([128]),
  latent: z.int().min(1).optional(),
  warmUp: z.int().min(0).default(10),
})

/** Options of `createRqVae`. */
export interface RqVaeOptions extends ResidualQuantizerOptions {
  /** `identity` quantizes the vectors themselves: no encoder, no decoder. Default `mlp`. */
  encoder?: 'mlp' | 'identity'
  /** Widths of the encoder's hidden layers; the decoder has them in reverse. Default [128]. */
  hidden?: number[]
  /** Dimension of what is quantized. Default half of `dim`, at least 1. */
  latent?: number
  /** Epochs that `fit` trains encoder and decoder alone, before the codewords are set by k-means. Default 10. */
  warmUp?: number
}

/** What a training step of an RQ-VAE gives. */
export interface QuantizedAndDecoded extends Quantized {
  /** The decoder's output, `[batch, dim]`; `losses.reconstruction` compares it with what came in. */
  decoded: tf.Tensor2D
}

/** A residual quantizer between an encoder and a decoder. Its codewords have the dimension of what is quantized. */
export interface RqVae extends TrainableQuantizer {
  readonly latent: number
  quantize(x: tf.Tensor2D): QuantizedAndDecoded
}

/**
 * An RQ-VAE: `z = encoder(x)`, residual quantization of `z`, `decoder(sum of codewords)`, trained by
 * `|x - decoded|^2 + codebook + commitment` with the gradient passed through the quantizer (Zeghidour et al. 2021;
 * Lee et al., CVPR 2022; for semantic ids: Rajput et al., NeurIPS 2023, section 3.1).
 *
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 *
 * @example
 * const quantizer = createRqVae({ dim: 64, hidden: [128], latent: 32, levels: 3, size: 64 })
 * await quantizer.fit(vectors)
 * const codes = quantizer.encode(vectors, { distinct: true })
 */
export function createRqVae(options: RqVaeOptions): RqVae {
  const { random = seeded(1), ...rest } = options
  const where = 'options of createRqVae'
  const { levels, size, encoder, hidden, latent, warmUp, ...core } = parseOptions(rqVaeSchema, rest, where)
  const inner = encoder === 'identity' ? core.dim : (latent ?? Math.max(1, Math.floor(core.dim / 2)))
  const sizes = levelSizes(size, levels, where)
  const trainable = { ...core, dim: inner, sizes, metric: 'euclidean', kind: 'residual' } as const
  return assemble({ dim: core.dim, encoder, hidden, warmUp, core: { ...trainable } }, random)
}

/** The parsed options of an RQ-VAE, as they are saved. */
export interface RqVaeParts {
  dim: number
  encoder: 'mlp' | 'identity'
  hidden: number[]
  warmUp: number
  core: TrainableOptions
}

const IDENTITY: Mlp = { variables: [], apply: (x) => x, map: (vectors) => vectors }

/** An RQ-VAE from parsed options, with fresh parameters. */
export function assemble(parts: RqVaeParts, random: Random): RqVae {
  const { dim, hidden, core: options } = parts
  const identity = parts.encoder === 'identity'
  const core = createTrainable(options, random)
  const widths = [dim, ...hidden, options.dim]
  const encoder = identity ? IDENTITY : createMlp(widths, random)
  const decoder = identity ? IDENTITY : createMlp(widths.toReversed(), random)
  const latents = (vectors: Vectors, where: string) => encoder.map(checkVectors(vectors, dim, where))

  function decodeRows(codes: Codes): Matrix {
    checkCodes(codes, core.sizes)
    return decoder.map(core.decode(codes))
  }

  function quantize(x: tf.Tensor2D): QuantizedAndDecoded {
    return tf.tidy(() => {
      const made = core.quantize(encoder.apply(x))
      if (identity) return { ...made, decoded: tf.clone(made.sum) }
      const decoded = decoder.apply(made.sum)
      const reconstruction = tf.mean(tf.square(tf.sub(x, decoded))) as tf.Scalar
      // The core's own reconstruction is of what is quantized; here the decoder's takes its place.
      const total = tf.add(tf.sub(made.losses.total, made.losses.reconstruction), reconstruction) as tf.Scalar
      return { ...made, decoded, losses: { ...made.losses, reconstruction, total } }
    })
  }

  const quantizer: RqVae = {
    kind: 'rq-vae',
    dim,
    latent: options.dim,
    sizes: core.sizes,
    variables: [...core.variables, ...encoder.variables, ...decoder.variables],
    quantize,
    codewords: core.codewords,
    ...withColumns(
      (vectors: Vectors, encodeOptions?: EncodeOptions) => core.encode(latents(vectors, 'encode'), encodeOptions),
      decodeRows,
    ),
    initialize: (vectors, kMeansOptions) => core.initialize(latents(vectors, 'initialize'), kMeansOptions),
    rebalance: (vectors, rebalanceOptions) => core.rebalance(latents(vectors, 'rebalance'), rebalanceOptions),
    reviveDead: (vectors, reviveOptions) => core.reviveDead(latents(vectors, 'reviveDead'), reviveOptions),
    observe(codes, x) {
      tf.tidy(() => core.observe(codes, x && options.update === 'average' ? encoder.apply(x) : undefined))
    },
    health(codes, vectors) {
      checkCodes(codes, core.sizes)
      if (!vectors) return codebookHealth(codes, core.sizes)
      const pair = { vectors: checkVectors(vectors, dim, 'health'), decoded: decodeRows(codes) }
      return codebookHealth(codes, core.sizes, pair)
    },
    table: core.table,
    async fit(vectors, fitOptions = {}) {
      const matrix = checkVectors(vectors, dim, 'fit')
      return fitInSteps({
        vectors: matrix,
        options: fitOptions,
        epochs: 100,
        random,
        quantizer,
        rebalances: options.balance !== undefined,
        async initialize({ batch, signal }) {
          if (!identity)
            await warmUp({ vectors: matrix, encoder, decoder, epochs: parts.warmUp, batch, signal, random })
          quantizer.initialize(matrix)
        },
      })
    },
    state() {
      const networks = { ...mlpTensors('encoder', encoder), ...mlpTensors('decoder', decoder) }
      const arrays = Object.entries(networks).map(([name, { data }]) => [name, Float32Array.from(data, Number)])
      return { ...core.state(), ...Object.fromEntries(arrays) }
    },
    restore(state) {
      const own = Object.entries(state).filter(([name]) => !name.startsWith('encoder.') && !name.startsWith('decoder.'))
      checkMlp('encoder', encoder, state)
      checkMlp('decoder', decoder, state)
      core.restore(Object.fromEntries(own))
      restoreMlp('encoder', encoder, state)
      restoreMlp('decoder', decoder, state)
    },
    save: (directory) =>
      saveQuantizer(directory, {
        kind: 'rq-vae',
        options: { ...parts },
        tensors: {
          ...codebookTensors(core.state(), options.dim),
          ...mlpTensors('encoder', encoder),
          ...mlpTensors('decoder', decoder),
        },
      }),
    dispose() {
      core.dispose()
      tf.dispose([encoder.variables, decoder.variables])
    },
  }
  return quantizer
}
