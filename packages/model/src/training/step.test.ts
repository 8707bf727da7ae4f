import { csr, random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import type { Network, TrainingInput } from '../network.ts'
import { createDropout } from './dropout.ts'
import { createNegatives, negativeOptions } from './negatives.ts'
import { createParameters } from './parameters.ts'
import { createSampler } from './sampler.ts'
import { createStep } from './step.ts'

beforeAll(ready)

/** A step over ten items of a network whose loss is `w * sum of the targets' rows + loss(w)`. */
function setUp(
  extra: (w: tf.Scalar, input: TrainingInput) => tf.Scalar,
  negatives: object = { count: 2 },
  clip?: number,
) {
  const draw = random(1)
  const table = createEmbeddingTable(10, 2, { random: draw })
  const parameters = createParameters(draw)
  const w = parameters.add<tf.Rank.R1>('w', [1], 'ones')
  const network: Network = {
    parameters,
    score: { metric: 'dot', scale: 1 },
    merge: 'nearest',
    loss(input) {
      const sum = tf.sum(tf.mul(input.targets, w))
      const rest = extra(tf.squeeze(w), input)
      return { total: tf.add(sum, rest), parts: { rest } }
    },
    items: (rows) => rows,
    users: () => ({ vectors: tf.zeros([1, 1, 2]) }),
    dispose: parameters.dispose,
  }
  const sequences = csr([[0, 1, 2, 3, 4]])
  const step = createStep({
    network,
    table,
    sampler: createSampler(sequences, { batch: 3, history: 2, minHistory: 4, random: draw }),
    negatives: createNegatives(negativeOptions.parse(negatives), new Int32Array(10), 3, draw),
    dropout: createDropout(draw, draw).dropout,
    clip,
  })
  return { step, table, network }
}

describe('a training step', () => {
  it('moves the rows that the loss used and the dense parameters, and reports the parts', () => {
    const { step, table, network } = setUp((w) => tf.square(w))
    const before = table.values.slice()
    const { parts } = step(1, 0.1)
    expect(parts.rest).toBeCloseTo(1)
    // The target is always item 4; its gradient is w = 1 for each of three examples, and Adam's first step is the rate.
    for (let i = 0; i < 20; i++) expect(table.values[i]).toBeCloseTo(before[i] - (i >> 1 === 4 ? 0.1 : 0), 5)
    expect(network.parameters.values().w[0]).not.toBe(1)
    network.dispose()
  })

  it('gives the network log Q of the targets that its sampler draws', () => {
    const seen: number[] = []
    const take = (negatives: object) => {
      const { step, network } = setUp((w, { logQ }) => {
        seen.push(...(logQ ? [...logQ.targets.dataSync(), ...logQ.negatives.dataSync()] : [Number.NaN]))
        return tf.square(w)
      }, negatives)
      step(1, 0.1)
      network.dispose()
    }
    take({ kind: 'in-batch' })
    // All three examples of a batch have item 4 as the target.
    expect(seen).toHaveLength(6)
    for (const logQ of seen) expect(logQ).toBeCloseTo(Math.log(3), 5)
    take({ kind: 'in-batch', correction: false })
    expect(seen.slice(6)).toEqual([Number.NaN])
  })

  it.each([
    [0.5, [true, true, true]],
    [4, [true, true, false]],
    [undefined, [false, false, false]],
  ])('clips the norm of the gradients of rows and dense parameters together at %s', (clip, expectedToClip) => {
    const { step, table, network } = setUp((w) => tf.square(w), { count: 2 }, clip)
    const [row, w] = [4, network.parameters.list[0]]
    const values = () => [...table.values.subarray(2 * row, 2 * row + 2), w.value[0]]
    const expected = values()
    const [first, second] = [
      [0, 0, 0],
      [0, 0, 0],
    ]
    const clipped: boolean[] = []
    for (const n of [1, 2, 3]) {
      // Item 4 is the target of all three examples: loss = 3 w (x + y) + w^2.
      const [x, y, weight] = expected
      const gradient = [3 * weight, 3 * weight, 3 * (x + y) + 2 * weight]
      const norm = Math.hypot(...gradient)
      const scale = Math.min(1, (clip ?? Number.POSITIVE_INFINITY) / norm)
      clipped.push(scale < 1)
      for (const [i, g] of gradient.entries()) {
        first[i] = 0.9 * first[i] + 0.1 * g * scale
        second[i] = 0.999 * second[i] + 0.001 * (g * scale) ** 2
        expected[i] -= (0.1 * (first[i] / (1 - 0.9 ** n))) / (Math.sqrt(second[i] / (1 - 0.999 ** n)) + 1e-8)
      }
      step(n, 0.1)
      for (const [i, value] of values().entries()) expect(value).toBeCloseTo(expected[i], 5)
      const moments = [...table.moments.first.subarray(2 * row, 2 * row + 2), w.moments.first[0]]
      // Adam's steps forget a scale that never changes; its running means do not.
      for (const [i, value] of moments.entries()) expect(value).toBeCloseTo(first[i], 5)
    }
    expect(clipped).toEqual(expectedToClip)
    network.dispose()
  })

  it('touches nothing when the loss is finite and its gradient is not', () => {
    // sqrt(w - 1) is 0 at w = 1, and its slope infinite.
    const { step, table, network } = setUp((w) => tf.sqrt(tf.sub(w, 1)))
    const before = table.values.slice()
    expect(step(1, 0.1).loss).toBeNaN()
    expect(table.values).toEqual(before)
    expect(network.parameters.values().w[0]).toBe(1)
    network.dispose()
  })
})
