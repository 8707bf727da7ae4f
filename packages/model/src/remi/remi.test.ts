import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { PADDING_LOGIT } from '../encoders/history.ts'
import { ready } from '../gradient.fixture.ts'
import { dot, plus, reader, redraw, softmax, times, unit, vectorsOf, weighted } from '../plain.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { remiNetwork } from './network.ts'
import { remiOptions } from './remi.ts'
import { routingVariance } from './routing-variance.ts'

beforeAll(ready)

describe('REMI', () => {
  it('is hard negatives for the interest nearest to the target, and the variance of all routing, written out in loops', () => {
    const sizes = { dim: 3, history: 4, hidden: 5, interests: 2, temperature: 0.5, beta: 0.7, lambda: 6 }
    const network = remiNetwork(remiOptions.parse(sizes), random(1))
    redraw(network.parameters, 2, 0.8)
    const table = createEmbeddingTable(9, 3, { random: random(3), scale: 1 })
    const vectorOf = vectorsOf(table)
    const users = [
      [5, 0, 8, 2],
      [-1, -1, 6, 3],
      [-1, 1, 7, 4],
    ]
    const [targets, drawn] = [Int32Array.of(7, 3, 1), Int32Array.of(7, 1, 8, 7, 4)]
    const {
      total,
      softmax: ofNegatives,
      routing,
    } = tf.tidy(() => {
      const histories = { items: Int32Array.from(users.flat()), rows: 3, length: 4 }
      const batch = { histories, users: Int32Array.of(0, 1, 2), targets }
      const { total, parts } = network.loss(createInputs(table).training(batch, drawn, noDropout, 1))
      return { total: total.dataSync()[0], softmax: parts.softmax.dataSync()[0], routing: parts.routing.dataSync()[0] }
    })
    const get = reader(network.parameters)
    const each = users.map((items, u) => {
      const own = items.filter((item) => item >= 0)
      const logits = own.map((item, t) => {
        const placed = plus(vectorOf(item), get('attention/positions')[4 - own.length + t])
        return times(times(placed, get('attention/w1')).map(Math.tanh), get('attention/w2'))
      })
      const weights = [0, 1].map((k) => softmax(logits.map((row) => row[k])))
      const interests = weights.map((w) => unit(weighted(w, own.map(vectorOf), 3)))
      const score = (v: number[], item: number) => dot(v, unit(vectorOf(item))) / 0.5
      const [user] = interests.toSorted((a, b) => score(b, targets[u]) - score(a, targets[u]))
      const scores = Array.from(drawn).flatMap((item) => (item === targets[u] ? [] : [score(user, item)]))
      const hard = softmax(scores.map((s) => 0.7 * s))
      const sum = scores.reduce((all, s, n) => all + scores.length * hard[n] * Math.exp(s), 0)
      const positive = score(user, targets[u])
      const variance = (w: number[]) => w.reduce((all, a) => all + (a - 1 / w.length) ** 2, 0) / w.length
      const spread = weights.reduce((all, w) => all + variance(w) ** 2, 0)
      return { loss: Math.log(Math.exp(positive) + sum) - positive, spread }
    })
    const meanOf = (pick: (one: (typeof each)[number]) => number) => each.reduce((sum, one) => sum + pick(one), 0) / 3
    expect(ofNegatives).toBeCloseTo(
      meanOf(({ loss }) => loss),
      4,
    )
    expect(routing).toBeCloseTo(
      meanOf(({ spread }) => spread),
      6,
    )
    expect(total).toBeCloseTo(ofNegatives + 6 * routing, 4)
    network.dispose()
  })

  it('regularises the variance of the routing over the items of a history', () => {
    const weights = tf.tensor3d([0, 0.2, 0.8, 0, 0.5, 0.5, 0.1, 0.3, 0.6, 1, 0, 0], [2, 2, 3])
    const padding = tf.tensor3d([PADDING_LOGIT, 0, 0, 0, 0, 0], [2, 1, 3])
    const variance = (row: number[]) => row.reduce((sum, a) => sum + (a - 1 / row.length) ** 2, 0) / row.length
    const first = variance([0.2, 0.8]) ** 2 + variance([0.5, 0.5]) ** 2
    const second = variance([0.1, 0.3, 0.6]) ** 2 + variance([1, 0, 0]) ** 2
    const found = routingVariance(weights, { padding, lengths: tf.tensor2d([2, 3], [2, 1]) }).dataSync()[0]
    expect(found).toBeCloseTo((first + second) / 2, 6)
  })
})
