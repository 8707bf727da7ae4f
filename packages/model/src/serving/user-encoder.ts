import { InvalidFileError } from '@sparc/tables'
import { z } from 'zod'
import { affine, dot, largest, logSoftmax, mean, plus, unit, weightedSum } from './plain.ts'

/** A user as an index takes one: a vector per interest, likeliest first where probabilities are known. */
export interface EncodedUser {
  vectors: Float32Array[]
  /** Level-1 code of each interest. */
  codes?: number[]
  /** `log p(c | user)` of each interest. */
  logProbabilities?: number[]
}

/** A history: the vectors of its items before any normalisation, oldest first, and their level-1 codes where there are any. */
export interface PlainHistory {
  rows: Float32Array[]
  codes?: number[]
}

/** Encodes a user in plain numbers. */
export type UserEncoder = (history: PlainHistory, interests?: number) => EncodedUser

/** What the encoders need of the options that a model was saved with. */
export const servedOptions = z.object({
  dim: z.int(),
  history: z.int(),
  temperature: z.number(),
  normalize: z.boolean(),
  hidden: z.int().optional(),
  interests: z.int().optional(),
  general: z.enum(['attention', 'mean']).optional(),
  user: z.enum(['residual', 'attention']).optional(),
  search: z.enum(['soft', 'hard']).optional(),
  sharpness: z.number().optional(),
  codebook: z.object({ size: z.int() }).optional(),
})
export type ServedOptions = z.output<typeof servedOptions>

type Weights = Readonly<Record<string, Float32Array>>

/** `softmax_T(w2 tanh(W1 (h + P))) h` for each query, see `createSelfAttention`; an item's position counts from the end. */
function attend(weights: Weights, name: string, rows: Float32Array[], options: ServedOptions, positions: Float32Array) {
  const { dim, history: length } = options
  const hidden = weights[`${name}/w1`].length / dim
  const queries = weights[`${name}/w2`].length / hidden
  const logits = rows.map((row, t) => {
    const at = (length - rows.length + t) * dim
    const placed = plus(row, positions.subarray(at, at + dim))
    const inner = affine(placed, weights[`${name}/w1`], hidden).map(Math.tanh)
    return affine(inner, weights[`${name}/w2`], queries)
  })
  return Array.from({ length: queries }, (_, q) => {
    const own = Float32Array.from(logits, (ofRow) => ofRow[q])
    return weightedSum(own, rows, dim)
  })
}

/** `x + W2 relu(W1 x + b1) + b2`, see `createResidualMlp`. */
function residual(weights: Weights, name: string, x: Float32Array): Float32Array {
  const inner = affine(x, weights[`${name}/w1`], weights[`${name}/b1`].length, weights[`${name}/b1`])
  const outer = affine(
    inner.map((value) => Math.max(0, value)),
    weights[`${name}/w2`],
    x.length,
    weights[`${name}/b2`],
  )
  return plus(x, outer)
}

/** `log p(c | user)`, see `createInterestProbability`. */
function probability(weights: Weights, rows: Float32Array[], options: ServedOptions): Float32Array {
  const name = 'probability'
  const [pooled] = attend(weights, `${name}/attention`, rows, options, weights[`${name}/attention/positions`])
  const x = Float32Array.of(...unit(pooled), ...unit(mean(rows, options.dim)))
  const inner = affine(x, weights[`${name}/w1`], weights[`${name}/b1`].length, weights[`${name}/b1`])
  const hidden = inner.map((value) => Math.max(0, value))
  const codes = weights[`${name}/b2`].length
  const outer = affine(hidden, weights[`${name}/w2`], codes, weights[`${name}/b2`])
  return logSoftmax(plus(affine(x, weights[`${name}/linear`], codes), outer))
}

/** SPARC's user tower, see `createUserTower`. */
function sparcEncoder(weights: Weights, options: ServedOptions): UserEncoder {
  const { dim, history: length, normalize, sharpness = 4, interests: usual = 4 } = options
  const finish = (x: Float32Array) => (normalize ? unit(x) : x)
  const size = weights['codewords/0'].length / dim
  return ({ rows, codes: had }, wanted = usual) => {
    const g =
      options.general === 'mean'
        ? residual(weights, 'general', mean(rows, dim))
        : attend(weights, 'general', rows, options, weights.positions)[0]
    if (weights['state/joint'][0] === 0) return { vectors: [finish(g)] }
    let logP = probability(weights, rows, options)
    if (options.search === 'hard' && size > 1 && rows.length > 0) {
      const allowed = new Set(had)
      logP = logSoftmax(logP.map((value, code) => (allowed.has(code) ? value : value - 1e9)))
    }
    const keys = rows.map((row, t) => {
      const at = (length - rows.length + t) * dim
      return affine(plus(row, weights.positions.subarray(at, at + dim)), weights['interest/key'], dim)
    })
    const codes = largest(logP, Math.min(wanted, size))
    const general = unit(g)
    const vectors = codes.map((code) => {
      const e = weights['codewords/0'].subarray(code * dim, (code + 1) * dim)
      const query = affine(e, weights['interest/query'], dim).map((value) => value * sharpness)
      const logits = Float32Array.from(
        keys,
        (key, t) => dot(query, key) + weights['interest/bias'][length - rows.length + t],
      )
      const attended = unit(weightedSum(logits, rows, dim))
      const own = plus(affine(attended, weights['interest/value'], dim), affine(e, weights['interest/codeword'], dim))
      if (options.user === 'attention') return finish(own)
      return finish(general.map((value, d) => value + weights['interest/gamma'][d] * own[d]))
    })
    return { vectors, codes, logProbabilities: codes.map((code) => logP[code]) }
  }
}

/** The systems whose user side is known in plain numbers. */
const ENCODERS: Record<string, (weights: Weights, options: ServedOptions) => UserEncoder> = {
  'two-tower': (weights, options) => {
    const finish = (x: Float32Array) => (options.normalize ? unit(x) : x)
    return ({ rows }) => ({ vectors: [finish(residual(weights, 'user', mean(rows, options.dim)))] })
  },
  'comirec-sa': (weights, options) => {
    const finish = (x: Float32Array) => (options.normalize ? unit(x) : x)
    return ({ rows }, wanted = options.interests) => {
      const vectors = attend(weights, 'attention', rows, options, weights['attention/positions'])
      return { vectors: vectors.slice(0, wanted).map(finish) }
    }
  },
  sparc: sparcEncoder,
}

/** The encoder of a saved system. @throws InvalidFileError `NOT_SERVED` */
export function userEncoder(system: string, weights: Weights, options: ServedOptions): UserEncoder {
  if (Object.hasOwn(ENCODERS, system)) return ENCODERS[system](weights, options)
  throw new InvalidFileError('NOT_SERVED', {
    what: 'This system can not be served without TensorFlow',
    given: system,
    allowed: Object.keys(ENCODERS).join(', '),
    next: 'Load it with loadRecommender, or export its interests as an Arrow table.',
  })
}
