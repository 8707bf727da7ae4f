import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { equalPairs } from '../encoders/equal-pairs.ts'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { contrastive } from './contrastive.ts'
import { hardNegativeSoftmax } from './hard-negative-softmax.ts'
import { mixtureSoftmax } from './mixture-softmax.ts'
import { binaryCrossEntropy, bpr, shuffleBpr } from './pairwise.ts'
import { softmaxOfProducts } from './softmax-of-products.ts'

beforeAll(ready)

const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0)
const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
const softplus = (x: number) => Math.log(1 + Math.exp(x))

/** Cross-entropy written out: components of the target, and of the negatives that are not the target. */
function reference(users: number[][], negatives: number[][], positive: number[][]): number {
  const components = users.length / positive.length
  return mean(
    positive.map((own, b) => {
      const target = own.reduce((sum, logit) => sum + Math.exp(logit), 0)
      let others = 0
      for (let k = 0; k < components; k++) {
        for (const negative of negatives) others += Math.exp(dot(users[b * components + k], negative))
      }
      return Math.log(target + others) - Math.log(target)
    }),
  )
}

describe('softmax of products', () => {
  const users = () => normal<tf.Rank.R2>([6, 3], 11)
  const negatives = () => normal<tf.Rank.R2>([5, 3], 12)
  const positive = () => normal<tf.Rank.R2>([3, 2], 13)

  it('is the cross-entropy written out, bounded or not', () => {
    const expected = reference(users().arraySync(), negatives().arraySync(), positive().arraySync())
    for (const bound of [undefined, 20]) {
      const loss = softmaxOfProducts(users(), negatives(), positive(), tf.zeros([3, 1]), bound)
      expect(loss.dataSync()[0]).toBeCloseTo(expected, 5)
    }
  })

  it('has the gradient that finite differences give', () => {
    for (const bound of [undefined, 20]) {
      checkGradient(
        (u, n, p) => softmaxOfProducts(u as tf.Tensor2D, n as tf.Tensor2D, p as tf.Tensor2D, tf.zeros([3, 1]), bound),
        [users(), negatives(), positive()],
      )
    }
  })

  it('takes accidental hits out of the sum, and their gradient with them', () => {
    // The target of every example is the third negative, drawn twice.
    const rows = normal<tf.Rank.R2>([4, 3], 14)
    const loss = (u: tf.Tensor2D, items: tf.Tensor2D, drawn: number[], hits: number, bound?: number) => {
      const target = tf.slice(items, [2, 0], [1, 3])
      const own = tf.matMul(u, target, false, true) as tf.Tensor2D
      const others = tf.gather(items, drawn)
      return softmaxOfProducts(u, others, tf.reshape(own, [3, 2]), tf.fill([3, 1], hits), bound)
    }
    for (const bound of [undefined, 20]) {
      const found = loss(users(), rows, [0, 1, 2, 2, 3], 2, bound).dataSync()[0]
      expect(found).toBeCloseTo(loss(users(), rows, [0, 1, 3], 0, bound).dataSync()[0], 4)
      checkGradient(
        (u, items) => loss(u as tf.Tensor2D, items as tf.Tensor2D, [0, 1, 2, 2, 3], 2, bound),
        [users(), rows],
      )
    }
  })

  it('stays finite for raw scores of any size', () => {
    const loss = softmaxOfProducts(tf.tensor2d([[900]]), tf.tensor2d([[1]]), tf.tensor2d([[-500]]), tf.zeros([1, 1]))
    expect(loss.dataSync()[0]).toBeCloseTo(1400, 2)
  })
})

describe('hard negative softmax', () => {
  const users = () => normal<tf.Rank.R2>([3, 4], 31)
  const items = () => normal<tf.Rank.R2>([6, 4], 32)
  /** Items of the users' targets, and of the negatives: the first user's target is among them twice, the second's once. */
  const [targets, drawn, hits] = [
    [0, 3, 5],
    [0, 1, 3, 0, 4],
    [2, 1, 0],
  ]
  const loss = (u: tf.Tensor, v: tf.Tensor, beta: number, bound?: number) => {
    const own = tf.sum(tf.mul(u, tf.gather(v, targets)), 1, true) as tf.Tensor2D
    return hardNegativeSoftmax(
      u as tf.Tensor2D,
      tf.gather(v, drawn) as tf.Tensor2D,
      own,
      tf.tensor2d(hits, [3, 1]),
      beta,
      bound,
    )
  }
  const bounds = [undefined, 15]

  it('weighs negatives by exp(beta s), as written out in loops, bounded or not, and leaves accidental hits out', () => {
    const [u, v] = [users().arraySync(), items().arraySync()]
    for (const beta of [0, 0.7]) {
      const losses = u.map((user, b) => {
        const own = dot(user, v[targets[b]])
        const scores = drawn.filter((item) => item !== targets[b]).map((item) => dot(user, v[item]))
        const total = scores.reduce((sum, x) => sum + Math.exp(beta * x), 0)
        const weighted = scores.reduce(
          (sum, x) => sum + ((scores.length * Math.exp(beta * x)) / total) * Math.exp(x),
          0,
        )
        return Math.log(Math.exp(own) + weighted) - own
      })
      for (const bound of bounds) expect(loss(users(), items(), beta, bound).dataSync()[0]).toBeCloseTo(mean(losses), 5)
    }
  })

  it('with beta 0 is the plain sampled softmax', () => {
    const own = tf.sum(tf.mul(users(), tf.gather(items(), targets)), 1, true) as tf.Tensor2D
    const plain = softmaxOfProducts(users(), tf.gather(items(), drawn), own, tf.tensor2d(hits, [3, 1]))
    expect(loss(users(), items(), 0).dataSync()[0]).toBeCloseTo(plain.dataSync()[0], 5)
  })

  it('lets hard negatives push harder as beta grows', () => {
    const share = (beta: number) => {
      const of = (v: tf.Tensor) =>
        hardNegativeSoftmax(tf.ones([1, 1]), v as tf.Tensor2D, tf.zeros([1, 1]), tf.zeros([1, 1]), beta)
      const [hard, easy] = tf
        .grad(of)(tf.tensor2d([2, -2], [2, 1]))
        .dataSync()
      return hard / (Math.abs(hard) + Math.abs(easy))
    }
    expect(share(1)).toBeGreaterThan(share(0))
  })

  it('has the gradient that finite differences give, of users and of items', () => {
    for (const bound of bounds) checkGradient((u, v) => loss(u, v, 1.5, bound), [users(), items()])
  })

  it('stays finite for raw scores of any size, and where no negative is left', () => {
    const of = (user: number, own: number, negative: number, hits: number) => {
      const one = (x: number) => tf.tensor2d([[x]])
      return hardNegativeSoftmax(one(user), one(negative), one(own), one(hits), 0.5)
    }
    expect(of(900, -500, 1, 0).dataSync()[0]).toBeCloseTo(1400, 2)
    expect(of(1, 900, -1, 0).dataSync()[0]).toBe(0)
    expect(of(2, 6, 3, 1).dataSync()[0]).toBe(0)
    const slope = tf.grad((own) =>
      hardNegativeSoftmax(tf.ones([1, 1]), tf.fill([1, 1], 3), own as tf.Tensor2D, tf.ones([1, 1]), 0.5),
    )
    expect(slope(tf.fill([1, 1], 3)).dataSync()[0]).toBeCloseTo(0, 6)
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
    const score = (b: number, v: number[]) =>
      Math.log(u[b].reduce((sum, k, i) => sum + Math.exp(dot(k, v) / 0.5 + p[b][i]), 0))
    const [qt, qn] = [logQ.targets.arraySync(), logQ.negatives.arraySync()]
    for (const correct of [false, true]) {
      const losses = t.map((target, b) => {
        const own = score(b, target) - (correct ? qt[b][0] : 0)
        const others = n.map((v, m) => Math.exp(score(b, v) - (correct ? qn[0][m] : 0)))
        return Math.log(Math.exp(own) + others.reduce((sum, x) => sum + x, 0)) - own
      })
      const options = correct ? { logQ } : {}
      const loss = mixtureSoftmax(vectors, logP, { targets, negatives }, tf.zeros([3, 1]), 0.5, options)
      expect(loss.dataSync()[0]).toBeCloseTo(mean(losses), 4)
    }
  })
})

describe('pairwise losses', () => {
  const positive = () => normal<tf.Rank.R2>([3, 1], 21)
  const negative = () => normal<tf.Rank.R2>([3, 4], 22)
  const left = () => tf.tensor2d([1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 0], [3, 4])
  const averages = (of: (own: number, other: number) => number) => {
    const [p, n, l] = [positive().arraySync(), negative().arraySync(), left().arraySync()]
    return p.map(([own], b) => mean(n[b].filter((_, m) => l[b][m] === 1).map((other) => of(own, other))))
  }

  it('binary cross-entropy and BPR are what their formulas say, accidental hits left out', () => {
    const own = mean(
      positive()
        .arraySync()
        .map(([logit]) => softplus(-logit)),
    )
    const expected = own + mean(averages((_, other) => softplus(other)))
    expect(binaryCrossEntropy(positive(), negative(), left()).dataSync()[0]).toBeCloseTo(expected, 5)
    const ranked = mean(averages((target, other) => softplus(other - target)))
    expect(bpr(positive(), negative(), left()).dataSync()[0]).toBeCloseTo(ranked, 5)
  })

  it('shuffle BPR compares each target under its own user and under the one before', () => {
    const [users, targets] = [normal<tf.Rank.R2>([3, 2], 23), normal<tf.Rank.R2>([3, 2], 24)]
    const [u, t] = [users.arraySync(), targets.arraySync()]
    const expected = mean(t.map((v, b) => softplus((dot(u[(b + 2) % 3], v) - dot(u[b], v)) / 0.5)))
    expect(shuffleBpr(users, targets, 0.5).dataSync()[0]).toBeCloseTo(expected, 5)
    checkGradient((a, b) => shuffleBpr(a as tf.Tensor2D, b as tf.Tensor2D, 0.5), [users, targets])
  })

  it("the contrastive loss leaves equal items out of each other's negatives", () => {
    const [a, b] = [normal<tf.Rank.R2>([3, 2], 25), normal<tf.Rank.R2>([3, 2], 26)]
    const same = equalPairs(Int32Array.of(7, 8, 7))
    const [x, y] = [a.arraySync(), b.arraySync()]
    const partners = [
      [0, 1],
      [0, 1, 2],
      [1, 2],
    ]
    const expected = mean(
      x.map(
        (row, i) =>
          Math.log(partners[i].reduce((sum, j) => sum + Math.exp(dot(row, y[j]) / 0.5), 0)) - dot(row, y[i]) / 0.5,
      ),
    )
    expect(contrastive(a, b, 0.5, same).dataSync()[0]).toBeCloseTo(expected, 5)
  })
})
