import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { routeDynamically, squash } from './dynamic-routing.ts'

beforeAll(ready)

/** The algorithm of both papers for one user, in loops: `mapped[k][t]` is behaviour `t` as interest `k` sees it. */
function routeInLoops(mapped: number[][][], initial: number[][], iterations: number): number[][] {
  const interests = mapped.length
  const length = mapped[0].length
  const dim = mapped[0][0].length
  const b = initial.map((row) => [...row])
  let vectors: number[][] = []
  for (let n = 0; n < iterations; n++) {
    vectors = []
    for (let k = 0; k < interests; k++) {
      const s = new Array<number>(dim).fill(0)
      for (let t = 0; t < length; t++) {
        let total = 0
        for (let j = 0; j < interests; j++) total += Math.exp(b[j][t])
        for (let d = 0; d < dim; d++) s[d] += (Math.exp(b[k][t]) / total) * mapped[k][t][d]
      }
      const norm = Math.hypot(...s)
      vectors.push(s.map((x) => (norm ** 2 / (1 + norm ** 2)) * (x / norm)))
    }
    for (let k = 0; k < interests; k++) {
      for (let t = 0; t < length; t++) {
        b[k][t] += vectors[k].reduce((sum, x, d) => sum + x * mapped[k][t][d], 0)
      }
    }
  }
  return vectors
}

describe('dynamic routing', () => {
  it('squashes lengths below one and keeps directions', () => {
    const [short, long] = squash(tf.tensor2d([0.3, 0.4, 30, 40], [2, 2])).arraySync()
    expect(short[0]).toBeCloseTo((0.25 / 1.25) * 0.6, 5)
    expect(Math.hypot(...long)).toBeCloseTo(2500 / 2501, 5)
    expect(long[1] / long[0]).toBeCloseTo(4 / 3, 5)
  })

  it('with a map for each interest is the algorithm in loops', () => {
    const mapped = normal<tf.Rank.R4>([3, 2, 5, 4], 1)
    const found = routeDynamically(mapped, tf.zeros([1, 2, 5]), 3).arraySync()
    for (const [u, user] of mapped.arraySync().entries()) {
      const expected = routeInLoops(user, [new Array(5).fill(0), new Array(5).fill(0)], 3)
      for (const k of [0, 1]) for (const d of [0, 1, 2, 3]) expect(found[u][k][d]).toBeCloseTo(expected[k][d], 4)
    }
  })

  it('with one shared map and random logits is the algorithm in loops', () => {
    const mapped = normal<tf.Rank.R3>([2, 4, 3], 2)
    const logits = normal<tf.Rank.R3>([1, 3, 4], 3)
    const found = routeDynamically(mapped, logits, 4).arraySync()
    for (const [u, user] of mapped.arraySync().entries()) {
      const expected = routeInLoops([user, user, user], logits.arraySync()[0], 4)
      for (const k of [0, 1, 2]) for (const d of [0, 1, 2]) expect(found[u][k][d]).toBeCloseTo(expected[k][d], 4)
    }
  })

  it('passes the gradient through its last iteration alone', () => {
    const logits = normal<tf.Rank.R3>([1, 2, 3], 4)
    const weight = normal<tf.Rank.R3>([2, 2, 4], 5)
    const loss = (x: tf.Tensor) => tf.sum(tf.mul(routeDynamically(x as tf.Tensor3D, logits, 1), weight)) as tf.Scalar
    checkGradient(loss, [normal<tf.Rank.R3>([2, 3, 4], 6)])
    const x = normal<tf.Rank.R3>([2, 3, 4], 7)
    const routed = (y: tf.Tensor) => tf.sum(tf.mul(routeDynamically(y as tf.Tensor3D, logits, 3), weight))
    // What three iterations route by, held fixed, and one iteration from there.
    const settled = tf.tidy(() => {
      let b: tf.Tensor = tf.add(logits, tf.zeros([2, 2, 1]))
      for (let n = 1; n < 3; n++) {
        const v = routeDynamically(x, b as tf.Tensor3D, 1)
        b = tf.add(b, tf.matMul(v, x, false, true))
      }
      return b as tf.Tensor3D
    })
    const fixed = (y: tf.Tensor) => tf.sum(tf.mul(routeDynamically(y as tf.Tensor3D, settled, 1), weight))
    const a = tf.grad(routed)(x).dataSync()
    const b = tf.grad(fixed)(x).dataSync()
    for (let n = 0; n < a.length; n++) expect(a[n]).toBeCloseTo(b[n], 4)
  })
})
