import { InvalidInputError, makeVectorColumn, random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type BalanceOptions,
  createResidualKMeans,
  createResidualQuantizer,
  createRqVae,
  createVectorQuantizer,
  type Quantizer,
  type TrainableQuantizer,
} from './index.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

const VECTORS = blobs(40, 3, 5)
const makers: [string, () => Quantizer][] = [
  ['vector', () => createVectorQuantizer({ size: 4, dim: 3, random: random(1) })],
  ['residual', () => createResidualQuantizer({ size: [4, 5], dim: 3, random: random(1) })],
  ['rq-vae', () => createRqVae({ size: [4, 5], dim: 3, hidden: [4], latent: 2, random: random(1) })],
  ['residual-k-means', () => createResidualKMeans({ size: [4, 5], dim: 3, random: random(1) })],
]

/** The code of the error that `act` throws. */
async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    return InvalidInputError.isInstance(error) ? error.code : String(error)
  }
  return 'none'
}

describe.each(makers)('a %s quantizer', (_, make) => {
  test('refuses bad input with an error that says what is wrong, and is as before', async () => {
    const quantizer = make()
    await quantizer.fit(VECTORS, { epochs: 2 })
    const codes = quantizer.encode(VECTORS)
    const decoded = quantizer.decode(codes)
    const tensors = tf.memory().numTensors
    const wide = { data: new Float32Array(8), rows: 2, dim: 4 }
    const nan = VECTORS.data.with(4, Number.NaN)
    const infinite = VECTORS.data.with(4, Number.POSITIVE_INFINITY)
    expect(await codeOf(() => quantizer.encode(wide))).toBe('WRONG_DIMENSION')
    expect(await codeOf(() => quantizer.encode(new Float32Array(7)))).toBe('WRONG_DIMENSION')
    expect(await codeOf(() => quantizer.encode(makeVectorColumn(wide)))).toBe('WRONG_DIMENSION')
    expect(await codeOf(() => quantizer.encode(JSON.parse('[[1, 2, 3]]')))).toBe('NOT_VECTORS')
    expect(await codeOf(() => quantizer.encode(nan))).toBe('NOT_FINITE')
    expect(await codeOf(() => quantizer.encode(infinite))).toBe('NOT_FINITE')
    expect(await codeOf(() => quantizer.fit(nan))).toBe('NOT_FINITE')
    expect(await codeOf(() => quantizer.fit(wide))).toBe('WRONG_DIMENSION')
    expect(await codeOf(() => quantizer.fit(VECTORS.data.slice(0, 9)))).toBe('TOO_FEW_VECTORS')
    const levels = quantizer.sizes.length
    expect(await codeOf(() => quantizer.decode({ levels, data: new Uint16Array(levels).fill(9) }))).toBe(
      'CODE_OUT_OF_RANGE',
    )
    expect(await codeOf(() => quantizer.decode({ levels: 7, data: new Uint16Array(7) }))).toBe('WRONG_LEVELS')
    expect(await codeOf(() => quantizer.health({ levels, data: new Uint16Array(0) }))).toBe('NO_ITEMS')
    expect(quantizer.encode(VECTORS)).toEqual(codes)
    expect(quantizer.decode(codes)).toEqual(decoded)
    expect(tf.memory().numTensors).toBe(tensors)
    quantizer.dispose()
  })

  test('says how many vectors it needs and what to do', async () => {
    await expect(make().fit(VECTORS.data.slice(0, 9))).rejects.toThrow(
      /3 vectors for \d codes.*at most 3 codes per level/s,
    )
  })

  test('stops when it is cancelled, and keeps no tensor of the run', async () => {
    const quantizer = make()
    await quantizer.fit(VECTORS, { epochs: 2 })
    const tensors = tf.memory().numTensors
    const control = new AbortController()
    const run = quantizer.fit(VECTORS, { signal: control.signal, onEvent: () => control.abort() })
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(tf.memory().numTensors).toBe(tensors)
    expect(quantizer.encode(VECTORS).data.length).toBe(40 * quantizer.sizes.length)
    quantizer.dispose()
  })

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const quantizer = make()
    const own = tf.memory().numTensors
    const check = () => expect(tf.memory().numTensors).toBe(own)
    await quantizer.fit(VECTORS, { epochs: 2 })
    check()
    const codes = quantizer.encode(VECTORS)
    quantizer.encode(VECTORS, { distinct: quantizer.sizes.length > 1 && quantizer.sizes[0] * quantizer.sizes[1] > 40 })
    quantizer.encode(makeVectorColumn(VECTORS))
    quantizer.decode(codes)
    quantizer.health(codes, VECTORS)
    quantizer.table(codes)
    check()
    quantizer.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})

test('encoding and decoding take and give Arrow columns', () => {
  const quantizer = createResidualQuantizer({ size: [4, 5], dim: 3, random: random(1) })
  const codes = quantizer.encode(makeVectorColumn(VECTORS))
  expect(String(codes.type)).toBe('FixedSizeList[2]<Uint16>')
  const plain = quantizer.encode(VECTORS)
  expect(Array.from(codes.get(7))).toEqual(Array.from(plain.data.subarray(14, 16)))
  const vectors = quantizer.decode(codes)
  expect(String(vectors.type)).toBe('FixedSizeList[3]<Float32>')
  expect(Array.from(vectors.get(7))).toEqual(Array.from(quantizer.decode(plain).data.subarray(21, 24)))
  quantizer.dispose()
})

test('options that make no sense are refused, with a suggestion for a misspelt one', async () => {
  expect(() => createResidualQuantizer(JSON.parse('{ "dim": 3, "level": 2 }'))).toThrow(/Did you mean "levels"/)
  expect(await codeOf(() => createResidualQuantizer({ dim: 0 }))).toBe('INVALID_OPTION')
  expect(await codeOf(() => createResidualQuantizer({ dim: 3, levels: 2, size: [4] }))).toBe('INVALID_OPTION')
  expect(await codeOf(() => createVectorQuantizer({ dim: 3, size: 70_000 }))).toBe('INVALID_OPTION')
  expect(await codeOf(() => createResidualKMeans({ dim: 3, capacity: 0.5 }))).toBe('INVALID_OPTION')
  const balance: BalanceOptions = { by: 'capacity', levels: [3] }
  expect(await codeOf(() => createResidualQuantizer({ dim: 3, levels: 3, balance }))).toBe('NO_SUCH_LEVEL')
  expect(await codeOf(() => createResidualKMeans({ dim: 3, levels: 1, balancedLevels: [1] }))).toBe('NO_SUCH_LEVEL')
  const quantizer = createVectorQuantizer({ dim: 3, size: 4 })
  expect(await codeOf(() => quantizer.codewords(1))).toBe('NO_SUCH_LEVEL')
  expect(await codeOf(() => quantizer.fit(VECTORS, { epochs: -1 }))).toBe('INVALID_OPTION')
  expect(await codeOf(() => quantizer.restore({}))).toBe('WRONG_STATE')
  expect(await codeOf(() => quantizer.rebalance(VECTORS, { capacity: 0.9 }))).toBe('CAPACITY_TOO_SMALL')
  expect(await codeOf(() => quantizer.encode(VECTORS, { capacity: Number.NaN }))).toBe('CAPACITY_TOO_SMALL')
  expect(await codeOf(() => quantizer.encode(VECTORS, { distinct: true }))).toBe('TOO_MANY_VECTORS')
  quantizer.dispose()
})

test('a state that does not fit changes nothing', async () => {
  const quantizer = createRqVae({ size: [4, 5], dim: 3, hidden: [4], latent: 2, random: random(1) })
  const before = quantizer.state()
  for (const name of Object.keys(before)) {
    const wrong = Object.fromEntries(Object.entries(before).map(([key, data]) => [key, data.map((x) => x + 1)]))
    wrong[name] = new Float32Array(1).fill(Number.NaN)
    expect(await codeOf(() => quantizer.restore(wrong))).toBe('WRONG_STATE')
    expect(quantizer.state()).toEqual(before)
  }
  quantizer.dispose()
})

test('a training step refuses what encode refuses in shape', async () => {
  const quantizer: TrainableQuantizer = createVectorQuantizer({ dim: 3, size: 4 })
  const before = tf.memory().numTensors
  const wrong = tf.zeros<tf.Rank.R2>([2, 4])
  expect(await codeOf(() => quantizer.quantize(wrong))).toBe('WRONG_DIMENSION')
  wrong.dispose()
  expect(tf.memory().numTensors).toBe(before)
  quantizer.dispose()
})

test('a fit that diverges is a training error, and the best state stays', async () => {
  const quantizer = createVectorQuantizer({ dim: 3, size: 4, random: random(1) })
  await expect(quantizer.fit(VECTORS, { learningRate: 1e38, epochs: 5 })).rejects.toMatchObject({
    code: 'LOSS_NOT_FINITE',
  })
  const error = quantizer.health(quantizer.encode(VECTORS), VECTORS).reconstruction ?? 1
  expect(error).toBeLessThan(0.5)
  quantizer.dispose()
})
