import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { labelAwareAttention } from './label-aware-attention.ts'
import { mind } from './mind.ts'
import { absentInterests } from './network.ts'

beforeAll(ready)

describe('MIND', () => {
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
