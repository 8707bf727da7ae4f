import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import {
  dot,
  type Get,
  plus,
  type Row,
  type Rows,
  reader,
  redraw,
  softmax,
  times,
  unit,
  vectorsOf,
} from '../plain.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { labelAwareAttention } from './label-aware-attention.ts'
import { mind, mindOptions } from './mind.ts'
import { absentInterests, mindNetwork } from './network.ts'

beforeAll(ready)

const squash = (s: Row): Row => {
  const length = Math.hypot(...s)
  return s.map((x) => (x * length) / (1 + length ** 2))
}

/** Algorithm 1 of the paper and the layer after it for one history, whose first item stands at position `first` of 4: K' interests. */
function interestsInLoops(
  get: Get,
  logits: Rows,
  history: Rows,
  first: number,
  most: number,
  iterations: number,
): Rows {
  const count = Math.max(1, Math.min(most, history.length > 0 ? Math.floor(Math.log2(history.length)) : 0))
  const mapped = history.map((h) => times(h, get('routing/map')))
  const b = Array.from({ length: count }, (_, k) => history.map((_, t) => logits[k][first + t]))
  let capsules: Rows = []
  for (let n = 0; n < iterations; n++) {
    const shares = mapped.map((_, t) => softmax(b.map((row) => row[t])))
    capsules = b.map((_, k) => {
      const sum = mapped.reduce((all, m, t) => all.map((x, d) => x + shares[t][k] * m[d]), [0, 0, 0])
      return squash(sum)
    })
    for (const [k, row] of b.entries()) for (const [t, m] of mapped.entries()) row[t] += dot(capsules[k], m)
  }
  return capsules.map((v) => {
    const inner = plus(times(v, get('interest/w1')), get('interest/b1')[0]).map((x) => Math.max(0, x))
    return unit(plus(v, plus(times(inner, get('interest/w2')), get('interest/b2')[0])))
  })
}

describe('MIND', () => {
  it('routes, counts interests and attends to the target as the paper writes it out', () => {
    const sizes = { dim: 3, history: 4, hidden: 5, interests: 2, iterations: 3, power: 2, temperature: 0.5 }
    const network = mindNetwork(mindOptions.parse(sizes), random(1))
    redraw(network.parameters, 2, 0.8)
    const table = createEmbeddingTable(9, 3, { random: random(3), scale: 1 })
    const vectorOf = vectorsOf(table)
    const users = [
      [5, 0, 8, 2],
      [-1, -1, 6, 3],
      [-1, 1, 7, 4],
      [-1, -1, -1, 3],
    ]
    const histories = { items: Int32Array.from(users.flat()), rows: 4, length: 4 }
    const [targets, drawn] = [Int32Array.of(7, 3, 1, 0), Int32Array.of(7, 1, 8, 7, 4)]
    const [vectors, loss] = tf.tidy(() => {
      const inputs = createInputs(table)
      const batch = { histories, users: Int32Array.of(0, 1, 2, 3), targets }
      const found = network.users(inputs.serving(histories)).vectors.arraySync()
      return [found, network.loss(inputs.training(batch, drawn, noDropout, 1)).total.dataSync()[0]] as const
    })
    const get = reader(network.parameters)
    const [logits] = get('routing/logits') as unknown as Rows[]
    const losses = users.map((items, u) => {
      const own = items.filter((item) => item >= 0)
      const expected = interestsInLoops(get, logits, own.map(vectorOf), 4 - own.length, 2, 3)
      // Who has one interest has it twice.
      for (const k of [0, 1]) {
        for (const d of [0, 1, 2]) expect(vectors[u][k][d]).toBeCloseTo((expected[k] ?? expected[0])[d], 4)
      }
      const score = (v: Row, item: number) => dot(v, unit(vectorOf(item))) / 0.5
      const weights = softmax(expected.map((v) => Math.max(0, score(v, targets[u])) ** 2))
      const user = expected.reduce((all, v, k) => all.map((x, d) => x + weights[k] * v[d]), [0, 0, 0])
      const others = Array.from(drawn).filter((item) => item !== targets[u])
      const sum = others.reduce((all, item) => all + Math.exp(score(user, item)), Math.exp(score(user, targets[u])))
      return Math.log(sum) - score(user, targets[u])
    })
    expect(loss).toBeCloseTo(losses.reduce((sum, x) => sum + x, 0) / 4, 4)
    network.dispose()
  })

  it('gives a user max(1, min(K, log2 of the history)) interests', () => {
    const lengths = [0, 1, 2, 3, 4, 7, 8, 16, 100]
    const absent = absentInterests(tf.tensor2d(lengths, [lengths.length, 1]), 4).arraySync()
    const counts = absent.map((row) => row.filter((logit) => logit === 0).length)
    expect(counts).toEqual(lengths.map((n) => Math.max(1, Math.min(4, n > 0 ? Math.floor(Math.log2(n)) : 0))))
    for (const row of absent) expect(row.indexOf(0)).toBe(0)
  })

  it('attends to interests by a power of their scores for the target, as written out in loops', () => {
    const vectors = normal<tf.Rank.R3>([3, 4, 2], 1)
    const targets = normal<tf.Rank.R2>([3, 2], 2)
    const absent = tf.tensor2d([0, 0, 0, 0, 0, 0, -1e9, -1e9, 0, -1e9, -1e9, -1e9], [3, 4])
    for (const power of [0, 0.1, 0.5, 1, 2, 2.5]) {
      const found = labelAwareAttention(vectors, targets, absent, 1.5, power).arraySync()
      const [v, e, a] = [vectors.arraySync(), targets.arraySync(), absent.arraySync()]
      for (let u = 0; u < 3; u++) {
        const scores = v[u].map((x) => Math.max(0, 1.5 * (x[0] * e[u][0] + x[1] * e[u][1])) ** power)
        const weights = scores.map((score, k) => (a[u][k] === 0 ? Math.exp(score) : 0))
        const total = weights.reduce((sum, w) => sum + w, 0)
        for (const d of [0, 1]) {
          const expected = v[u].reduce((sum, x, k) => sum + (weights[k] / total) * x[d], 0)
          expect(found[u][d]).toBeCloseTo(expected, 4)
        }
      }
    }
  })

  it('counts the best interest alone when the power is infinite', () => {
    const vectors = tf.tensor3d([1, 0, 0, 1, 3, 0, 0, 2], [2, 2, 2])
    const targets = tf.tensor2d([0, 1, 1, 1], [2, 2])
    const found = labelAwareAttention(vectors, targets, tf.zeros([2, 2]), 1, null).arraySync()
    expect(found).toEqual([
      [0, 1],
      [3, 0],
    ])
    const high = labelAwareAttention(vectors, targets, tf.zeros([2, 2]), 1, 30).arraySync()
    expect(high[1][0]).toBeCloseTo(3, 4)
  })

  it.each([0, 0.1, 0.5, 1, 2])('has a finite gradient with power %d, where no score is above 0 too', (power) => {
    // The first user's interests score above 0, 0 and below 0, none of the second's above.
    const vectors = tf.tensor3d([1, 0, 0, 1, -1, 0, 0, 0, 0, 1, -1, 0], [2, 3, 2])
    const targets = tf.tensor2d([2, 0, 1, 0], [2, 2])
    const absent = tf.tensor2d([0, 0, 0, 0, 0, -1e9], [2, 3])
    const loss = (v: tf.Tensor, e: tf.Tensor) =>
      tf.sum(tf.mul(labelAwareAttention(v as tf.Tensor3D, e as tf.Tensor2D, absent, 1.5, power), e)) as tf.Scalar
    const gradients = tf
      .grads(loss)([vectors, targets])
      .flatMap((gradient) => Array.from(gradient.dataSync()))
    expect(gradients.every(Number.isFinite)).toBe(true)
    expect(gradients.some((slope) => Math.abs(slope) > 0.1)).toBe(true)
  })

  it.each([0, 0.5, 1, 2])('has the gradient that finite differences give, with power %d', (power) => {
    const absent = tf.zeros<tf.Rank.R2>([2, 3])
    const loss = (v: tf.Tensor, e: tf.Tensor) =>
      tf.sum(tf.mul(labelAwareAttention(v as tf.Tensor3D, e as tf.Tensor2D, absent, 1, power), e)) as tf.Scalar
    checkGradient(loss, [normal<tf.Rank.R3>([2, 3, 4], 3, 0.5), normal<tf.Rank.R2>([2, 4], 4, 0.5)])
  })

  it.each([0, 0.5])('learns with power %d', async (power) => {
    const model = mind({ ...tiny, steps: 5, power })
    const report = await model.fit({ ...smallWorld().data, validation: undefined })
    expect(report.steps).toBe(5)
    model.dispose()
  })
})
