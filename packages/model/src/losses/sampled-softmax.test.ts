import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { mixtureSoftmax } from './mixture-softmax.ts'
import { sampledSoftmax } from './sampled-softmax.ts'
import { softmaxOfProducts } from './softmax-of-products.ts'

beforeAll(ready)

/** Cross-entropy written out, accidental hits masked one by one. */
function reference(positive: number[][], negative: number[][], masked: boolean[][]): number {
  const losses = positive.map((own, b) => {
    const target = own.reduce((sum, logit) => sum + Math.exp(logit), 0)
    const others = negative[b].reduce((sum, logit, m) => sum + (masked[b][m] ? 0 : Math.exp(logit)), 0)
    return Math.log(target + others) - Math.log(target)
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

describe('sampled softmax', () => {
  it('is the cross-entropy with accidental hits masked', () => {
    const positive = [[0.5], [1.5], [-2]]
    // The second example's target is drawn twice: those negatives have the target's own logit.
    const negative = [
      [0.1, -0.3, 2],
      [1.5, 0.2, 1.5],
      [0.4, -2, 1],
    ]
    const masked = [
      [false, false, false],
      [true, false, true],
      [false, true, false],
    ]
    const hits = tf.tensor2d([[0], [2], [1]])
    for (const bound of [undefined, 3]) {
      const loss = sampledSoftmax(tf.tensor2d(positive), tf.tensor2d(negative), hits, bound).dataSync()[0]
      expect(loss).toBeCloseTo(reference(positive, negative, masked), 5)
    }
  })

  it('has the gradient that finite differences give, mixtures and hits included', () => {
    const hits = tf.tensor2d([[0], [1], [0], [2]])
    const positive = normal<tf.Rank.R2>([4, 2], 1)
    const negative = normal<tf.Rank.R2>([4, 6], 2)
    for (const bound of [undefined, 4]) {
      checkGradient(
        (p, n) => {
          const rows = p as tf.Tensor2D
          // Twice the target's own logits stand for its accidental hits, as they do in training.
          return sampledSoftmax(rows, tf.concat2d([n as tf.Tensor2D, rows, rows], 1), hits, bound)
        },
        [positive, negative],
      )
    }
  })

  it('stays finite for raw scores of any size', () => {
    const loss = sampledSoftmax(tf.tensor2d([[500], [-500]]), tf.tensor2d([[-900], [900]]), tf.zeros([2, 1]))
    expect(loss.dataSync()[0]).toBeCloseTo(700, 2)
  })
})

describe('softmax of products', () => {
  const users = normal<tf.Rank.R2>([6, 3], 11)
  const negatives = normal<tf.Rank.R2>([5, 3], 12)
  const positive = normal<tf.Rank.R2>([3, 2], 13)
  const hits = tf.tensor2d([[0], [0], [0]])

  it('is the sampled softmax of the products, bounded or not', () => {
    const logits = tf.reshape(tf.matMul(users, negatives, false, true), [3, 10]) as tf.Tensor2D
    const expected = sampledSoftmax(positive, logits, hits).dataSync()[0]
    for (const bound of [undefined, 20]) {
      expect(softmaxOfProducts(users, negatives, positive, hits, bound).dataSync()[0]).toBeCloseTo(expected, 5)
    }
  })

  it('has the gradient that finite differences give', () => {
    for (const bound of [undefined, 20]) {
      checkGradient(
        (u, n, p) => softmaxOfProducts(u as tf.Tensor2D, n as tf.Tensor2D, p as tf.Tensor2D, hits, bound),
        [users, negatives, positive],
      )
    }
  })

  it('takes accidental hits out of the sum', () => {
    // The target is the third negative: its logits are the target's own.
    const target = tf.slice(negatives, [2, 0], [1, 3])
    const own = tf.reshape(tf.matMul(users, target, false, true), [3, 2]) as tf.Tensor2D
    const without = tf.concat2d([tf.slice(negatives, [0, 0], [2, 3]), tf.slice(negatives, [3, 0], [2, 3])], 0)
    const expected = softmaxOfProducts(users, without, own, hits).dataSync()[0]
    for (const bound of [undefined, 20]) {
      const found = softmaxOfProducts(users, negatives, own, tf.ones([3, 1]), bound).dataSync()[0]
      expect(found).toBeCloseTo(expected, 5)
    }
  })

  it('stays finite for raw scores of any size', () => {
    const loss = softmaxOfProducts(tf.tensor2d([[900]]), tf.tensor2d([[1]]), tf.tensor2d([[-500]]), tf.zeros([1, 1]))
    expect(loss.dataSync()[0]).toBeCloseTo(1400, 2)
  })
})

describe('mixture softmax', () => {
  it('is the softmax of log sum_k exp(u_k . v / tau + log p_k)', () => {
    const vectors = normal<tf.Rank.R3>([3, 2, 4], 3)
    const logP = tf.logSoftmax(normal<tf.Rank.R2>([3, 2], 4)) as tf.Tensor2D
    const targets = normal<tf.Rank.R2>([3, 4], 5)
    const negatives = normal<tf.Rank.R2>([5, 4], 6)
    const logQ = { targets: normal<tf.Rank.R2>([3, 1], 7), negatives: normal<tf.Rank.R2>([1, 5], 8) }
    const [u, p, t, n] = [vectors.arraySync(), logP.arraySync(), targets.arraySync(), negatives.arraySync()]
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0)
    const score = (b: number, v: number[]) =>
      Math.log(u[b].reduce((sum, k, i) => sum + Math.exp(dot(k, v) / 0.5 + p[b][i]), 0))
    const [qt, qn] = [logQ.targets.arraySync(), logQ.negatives.arraySync()]
    for (const correct of [false, true]) {
      const losses = t.map((target, b) => {
        const own = score(b, target) - (correct ? qt[b][0] : 0)
        const others = n.map((v, m) => Math.exp(score(b, v) - (correct ? qn[0][m] : 0)))
        return Math.log(Math.exp(own) + others.reduce((sum, x) => sum + x, 0)) - own
      })
      const expected = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
      const options = correct ? { logQ } : {}
      const loss = mixtureSoftmax(vectors, logP, { targets, negatives }, tf.zeros([3, 1]), 0.5, options)
      expect(loss.dataSync()[0]).toBeCloseTo(expected, 4)
    }
  })
})
