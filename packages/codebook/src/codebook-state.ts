import { f32, InvalidInputError, type Random, type SafeTensor } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import type { Level } from './residual-codes.ts'
import { unitMatrix } from './vectors.ts'

/** What a trainable codebook holds: TensorFlow variables for the training step, plain numbers for the rest. */
export interface CodebookState {
  dim: number
  sizes: readonly number[]
  /** `[size, dim]` of each level */
  codewords: tf.Variable<tf.Rank.R2>[]
  /** `[size]` of each level, squared distances; 0 where nothing is balanced */
  prices: tf.Variable<tf.Rank.R1>[]
  /** Moving share of the observed codes, `[size]` of each level */
  usage: Float32Array[]
  /** Moving counts and sums of the vectors of each code, for codewords kept by averages */
  averages?: { counts: Float32Array; sums: Float32Array }[]
}

/** Random codewords of about length 1, no prices, uniform usage. */
export function createState(sizes: readonly number[], dim: number, averaged: boolean, random: Random): CodebookState {
  const codewords = sizes.map((size) => {
    const data = Float32Array.from({ length: size * dim }, () => random.normal() / Math.sqrt(dim))
    return tf.tidy(() => tf.variable(tf.tensor2d(data, [size, dim]), !averaged))
  })
  const state: CodebookState = {
    dim,
    sizes,
    codewords,
    prices: sizes.map((size) => tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([size]), false))),
    usage: sizes.map((size) => new Float32Array(size).fill(1 / size)),
  }
  if (averaged) {
    state.averages = sizes.map((size, l) => ({ counts: new Float32Array(size).fill(1), sums: numbers(codewords[l]) }))
  }
  return state
}

/** The numbers of a variable: a copy. */
export function numbers(variable: tf.Variable): Float32Array {
  return Float32Array.from(variable.dataSync())
}

/** Sets the codewords of a level, and makes its averages start anew. */
export function setCodewords(state: CodebookState, level: number, data: Float32Array): void {
  const size = state.sizes[level]
  tf.tidy(() => state.codewords[level].assign(tf.tensor2d(data, [size, state.dim])))
  if (state.averages) state.averages[level] = { counts: new Float32Array(size).fill(1), sums: data.slice() }
}

/** Sets the prices of a level. */
export function setPrices(state: CodebookState, level: number, prices: Float32Array): void {
  tf.tidy(() => state.prices[level].assign(tf.tensor1d(prices)))
}

/** The levels as plain numbers, for encoding and decoding. */
export function plainLevels(state: CodebookState, metric: 'euclidean' | 'cosine'): Level[] {
  return state.sizes.map((size, l) => {
    const vectors = { data: numbers(state.codewords[l]), rows: size, dim: state.dim }
    const prices = numbers(state.prices[l])
    return { vectors: metric === 'cosine' ? unitMatrix(vectors) : vectors, prices }
  })
}

/** Everything that `restoreState` needs, as named arrays: copies. */
export function namedArrays(state: CodebookState): Record<string, Float32Array> {
  const arrays: Record<string, Float32Array> = {}
  for (let l = 0; l < state.sizes.length; l++) {
    arrays[`codewords.${l}`] = numbers(state.codewords[l])
    arrays[`prices.${l}`] = numbers(state.prices[l])
    arrays[`usage.${l}`] = state.usage[l].slice()
    if (state.averages) {
      arrays[`counts.${l}`] = state.averages[l].counts.slice()
      arrays[`sums.${l}`] = state.averages[l].sums.slice()
    }
  }
  return arrays
}

/** @throws InvalidInputError `WRONG_STATE`; nothing is changed then */
export function restoreState(state: CodebookState, arrays: Record<string, Float32Array>): void {
  const own = namedArrays(state)
  for (const name of new Set([...Object.keys(own), ...Object.keys(arrays)])) {
    if (Object.hasOwn(own, name) && arrays[name]?.length === own[name].length && arrays[name].every(Number.isFinite)) {
      continue
    }
    throw new InvalidInputError('WRONG_STATE', {
      what: `The state does not fit this quantizer at "${name}"`,
      given: Object.hasOwn(arrays, name) ? `${arrays[name].length} numbers, or some not finite` : 'nothing',
      allowed: Object.hasOwn(own, name) ? `${own[name].length} finite numbers` : 'no such array',
      next: 'Restore into a quantizer with the same levels, sizes, dimension and update.',
    })
  }
  for (let l = 0; l < state.sizes.length; l++) {
    setCodewords(state, l, arrays[`codewords.${l}`])
    setPrices(state, l, arrays[`prices.${l}`])
    state.usage[l].set(arrays[`usage.${l}`])
    if (state.averages) {
      state.averages[l] = { counts: arrays[`counts.${l}`].slice(), sums: arrays[`sums.${l}`].slice() }
    }
  }
}

/** Frees the variables. */
export function disposeState(state: CodebookState): void {
  tf.dispose(state.codewords)
  tf.dispose(state.prices)
}

/** The arrays of `namedArrays` with their shapes, for a file. */
export function codebookTensors(arrays: Record<string, Float32Array>, dim: number): Record<string, SafeTensor> {
  const entries = Object.entries(arrays).map(([name, data]) => {
    const wide = name.startsWith('codewords.') || name.startsWith('sums.')
    return [name, f32(wide ? [data.length / dim, dim] : [data.length], data)] as const
  })
  return Object.fromEntries(entries)
}
