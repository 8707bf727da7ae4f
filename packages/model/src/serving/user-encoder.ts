import { type Guarded, guards, InvalidFileError, unlike } from '@sparc/tables/plain'
import type { Linear, Products } from './products.ts'

/** A user as an index takes one: a vector per interest, likeliest first where probabilities are known (SPARC's general one before them). */
export interface EncodedUser {
  vectors: Float32Array[]
  /** Level-1 code of each interest. */
  codes?: number[]
  /** `log p(c | user)` of each interest. */
  logProbabilities?: number[]
  /** The first vector stands for the whole user, not for one interest; its code is the nearest. */
  generalFirst?: boolean
}

/** A history on its way through an encoder: at least one item, oldest first. */
export interface PlainHistory {
  /** Item vectors before any normalisation, `[count, dim]`; what comes after them means nothing. */
  rows: Float64Array
  count: number
  /** Position of its first item: positions count from the end, the most recent item has the last one. */
  first: number
  /** Codes of its items, `[count, levels]`, where items have codes. */
  codes: Uint16Array
}

/** Encodes a user in plain numbers; `interests` vectors at most. What it returns is new each time, all else is used again. */
export type UserEncoder = (history: PlainHistory, interests?: number) => EncodedUser

const { number, object, oneOf, optional, positive, size, truth } = guards

/** What the encoders need of the options that a model was saved with. */
const optionShape = {
  dim: size,
  history: size,
  temperature: positive,
  normalize: truth,
  interests: optional(size),
  iterations: optional(size),
  blocks: optional(size),
  context: optional(object({ blocks: size })),
  heads: optional(size),
  general: optional(oneOf('attention', 'mean')),
  user: optional(oneOf('residual', 'attention')),
  search: optional(oneOf('soft', 'hard')),
  explored: optional(size),
  probabilityTemperature: optional(positive),
  generalShare: optional(number),
  rank: optional(oneOf('mixture', 'nearest')),
  source: optional(oneOf('generated', 'history')),
  sharpness: optional(positive),
  interestLevels: optional(size),
  codeHistogram: optional(truth),
  dictionary: optional(object({ levels: size })),
}
const areOptions = object(optionShape)
export type ServedOptions = Guarded<typeof areOptions>

/** A saved network: its parameters and state by name, and its options. */
export interface SavedNetwork {
  options: ServedOptions
  /** @throws InvalidFileError `DAMAGED_MODEL` where there is no such parameter */
  weights(name: string): Float32Array
  /** The linear layer of a weight `[inputs, outputs]` by name, with its bias by name, for so many rows at most (one by default). */
  linear(weight: string, outputs: number, more?: { bias?: string; rows?: number }): Linear
  products: Products
}

/** `DAMAGED_MODEL` */
export function damagedModel(given: string): InvalidFileError {
  return new InvalidFileError('DAMAGED_MODEL', {
    what: 'The saved model is not complete',
    given,
    next: 'Save the model again.',
  })
}

/** @throws InvalidFileError `DAMAGED_MODEL` */
export function servedOptions(saved: Record<string, unknown>): ServedOptions {
  if (areOptions(saved)) return saved
  const name = unlike(saved, optionShape) ?? ''
  throw damagedModel(`option "${name}" is ${name in saved ? JSON.stringify(saved[name]) : 'missing'}`)
}

/**
 * The options of a saved model, those that every model of its system has (the defaults among them) checked to be there.
 *
 * @throws InvalidFileError `DAMAGED_MODEL`
 */
export function savedOptions<K extends keyof ServedOptions>(
  options: ServedOptions,
  ...names: K[]
): ServedOptions & { [name in K]: NonNullable<ServedOptions[name]> } {
  const missing = names.find((name) => options[name] === undefined)
  if (missing !== undefined) throw damagedModel(`option "${missing}" is missing`)
  return options as ServedOptions & { [name in K]: NonNullable<ServedOptions[name]> }
}

/** Copies user vectors, `[count, dim]`, out of what an encoder uses again; normalised where the network normalises. */
export function finished(vectors: Float64Array, count: number, { dim, normalize }: ServedOptions): Float32Array[] {
  return Array.from({ length: count }, (_, k) => {
    const at = k * dim
    let square = 1e-12
    for (let d = at; d < at + dim; d++) square += vectors[d] * vectors[d]
    const scale = normalize ? 1 / Math.sqrt(square) : 1
    const out = new Float32Array(dim)
    for (let d = 0; d < dim; d++) out[d] = vectors[at + d] * scale
    return out
  })
}
