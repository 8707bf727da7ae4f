import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, test } from 'vitest'
import { entropyTerm } from './balance.ts'
import { constant, lookup, rotate, stopGradient, straightThrough } from './gradients.ts'
import { createResidualQuantizer } from './residual-quantizer.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { gaussian } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

/** The gradient of `loss` at `x`, by central differences in float64 of float32 values. */
function differences(loss: (x: Float32Array) => number, x: Float32Array, step = 1e-2): number[] {
  return Array.from(x, (value, i) => {
    const at = (moved: number) => {
      const copy = x.slice()
      copy[i] = moved
      return loss(copy)
    }
    return (at(value + step) - at(value - step)) / (Math.fround(value + step) - Math.fround(value - step))
  })
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 3): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i], digits)
}

const ROWS = 6
const DIM = 4
const SIZE = 5

/** The three smooth parts by plain loops, with the codes and everything under a stop-gradient held fixed. */
function plainParts(fixed: { z: Float32Array; words: Float32Array[]; codes: number[][] }) {
  const word = (words: Float32Array[], l: number, r: number, d: number) => words[l][fixed.codes[l][r] * DIM + d]
  const residual = (z: Float32Array, l: number, r: number, d: number) => {
    let left = z[r * DIM + d]
    for (let m = 0; m < l; m++) left -= word(fixed.words, m, r, d)
    return left
  }
  const mean = (levels: number, term: (l: number, r: number, d: number) => number) => {
    let sum = 0
    for (let l = 0; l < levels; l++)
      for (let r = 0; r < ROWS; r++) for (let d = 0; d < DIM; d++) sum += term(l, r, d) ** 2
    return sum / (ROWS * DIM)
  }
  const L = fixed.words.length
  return {
    reconstruction: (z: Float32Array, words: Float32Array[]) =>
      mean(1, (_, r, d) => z[r * DIM + d] - words.reduce((sum, __, l) => sum + word(words, l, r, d), 0)),
    codebook: (_: Float32Array, words: Float32Array[]) =>
      mean(L, (l, r, d) => residual(fixed.z, l, r, d) - word(words, l, r, d)),
    commitment: (z: Float32Array, _: Float32Array[]) =>
      mean(L, (l, r, d) => residual(z, l, r, d) - word(fixed.words, l, r, d)),
  }
}

test.each(['reconstruction', 'codebook', 'commitment'] as const)(
  'the gradient of the %s part agrees with finite differences, codes and stop-gradients held fixed',
  (part) => {
    const quantizer = createResidualQuantizer({ size: [SIZE, SIZE], dim: DIM })
    const start = gaussian(ROWS, DIM, 11).data
    const z = tf.variable(tf.tensor2d(start, [ROWS, DIM]))
    const words = quantizer.variables.map((variable) => Float32Array.from(variable.dataSync()))
    const flat = Array.from(quantizer.quantize(z).codes.dataSync())
    const codes = [0, 1].map((l) => flat.filter((_, i) => i % 2 === l))
    const plain = plainParts({ z: start, words, codes })[part]
    const { value, grads } = tf.variableGrads(() => quantizer.quantize(z).losses[part], [z, ...quantizer.variables])
    expect(value.dataSync()[0]).toBeCloseTo(plain(start, words), 5)
    const gradient = (variable: tf.Variable) => grads[variable.name]?.dataSync() ?? new Float32Array(variable.size)
    expectClose(
      gradient(z),
      differences((moved) => plain(moved, words), start),
    )
    for (const l of [0, 1]) {
      const loss = (moved: Float32Array) =>
        plain(
          start,
          words.map((own, m) => (m === l ? moved : own)),
        )
      expectClose(gradient(quantizer.variables[l]), differences(loss, words[l]))
    }
    quantizer.dispose()
  },
)

test('the gradient of the entropy term agrees with finite differences', () => {
  const distances = gaussian(5, 4, 2).data.map((value) => Math.abs(value) + 0.1)
  const term = (x: tf.Tensor) => entropyTerm(x as tf.Tensor2D, 0.5, tf.scalar(1))
  const gradient = tf.grad(term)(tf.tensor2d(distances, [5, 4]))
  const loss = (moved: Float32Array) => term(tf.tensor2d(moved, [5, 4])).dataSync()[0]
  expectClose(gradient.dataSync(), differences(loss, distances), 2)
})

test('a looked-up codeword hands its gradient to its row, once per use', () => {
  const table = tf.tensor2d(gaussian(4, 2).data, [4, 2])
  const codes = tf.tensor1d([3, 1, 3], 'int32')
  const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])
  const gradient = tf.grad((x) => tf.sum(tf.mul(weights, lookup(x as tf.Tensor2D, codes))))(table)
  expect(Array.from(gradient.dataSync())).toEqual([0, 0, 3, 4, 0, 0, 6, 8])
})

test('nothing leads through a constant', () => {
  const x = tf.tensor1d([1, 2])
  const gradient = tf.grad((t) =>
    tf.sum(
      tf.add(
        tf.mul(stopGradient(t), t),
        constant(() => tf.square(t)),
      ),
    ),
  )(x)
  expect(Array.from(gradient.dataSync())).toEqual([1, 2])
})

test('straight-through has the value of the codeword and the gradient of the identity', () => {
  const [z, q, weights] = [1, 2, 3].map((seed) => tf.tensor2d(gaussian(3, 4, seed).data, [3, 4]))
  expect(Array.from(straightThrough(z, q).dataSync())).toEqual(Array.from(q.dataSync()))
  const gradient = tf.grad((x) => tf.sum(tf.mul(weights, straightThrough(x as tf.Tensor2D, q))))(z)
  expect(Array.from(gradient.dataSync())).toEqual(Array.from(weights.dataSync()))
})

test('the rotation trick has the value of the codeword and the gradient of a scaled rotation', () => {
  const dim = 3
  const [z, q, w] = [4, 5, 6].map((seed) => gaussian(1, dim, seed).data)
  const gradient = tf.grad((x) =>
    tf.sum(tf.mul(tf.tensor2d(w, [1, dim]), rotate(x as tf.Tensor2D, tf.tensor2d(q, [1, dim])))),
  )(tf.tensor2d(z, [1, dim]))
  // By the definition: R = I - 2 r r' + 2 b a', q = |q| / |z| R z; the gradient is |q| / |z| R' w.
  const length = (v: ArrayLike<number>) => Math.hypot(...Array.from(v))
  const a = Array.from(z, (value) => value / length(z))
  const b = Array.from(q, (value) => value / length(q))
  const sum = a.map((value, d) => value + b[d])
  const r = sum.map((value) => value / length(sum))
  const scale = length(q) / length(z)
  const R = a.map((_, i) => a.map((__, j) => Number(i === j) - 2 * r[i] * r[j] + 2 * b[i] * a[j]))
  expectClose(
    R.map((row) => scale * row.reduce((total, value, j) => total + value * z[j], 0)),
    q,
    5,
  )
  expectClose(
    gradient.dataSync(),
    a.map((_, j) => scale * R.reduce((total, row, i) => total + row[j] * w[i], 0)),
    5,
  )
})
