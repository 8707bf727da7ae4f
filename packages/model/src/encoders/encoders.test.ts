import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { pickInterest } from '../comirec/pick-interest.ts'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { redraw } from '../plain.fixture.ts'
import { noDropout } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import { relu, tanh } from './activation.ts'
import { stopGradient } from './constant.ts'
import { gatherRows } from './gather.ts'
import { addPositions, createHistory, fromPlaces, lastOf, type Places, placesOf } from './history.ts'
import { createHistoryReader } from './history-reader.ts'
import { normalize } from './normalize.ts'
import { meanPool } from './pool.ts'
import { project } from './project.ts'
import { createSelfAttention } from './self-attention.ts'

beforeAll(ready)
const total = (x: tf.Tensor, seed: number) => tf.sum(tf.mul(x, normal(x.shape as [number], seed))) as tf.Scalar

/** Histories of 4 places with so many items each: item after item, from 0 on. */
function placesOfLengths(...lengths: number[]): Places {
  let item = 0
  const rows = lengths.map((own) => [0, 1, 2, 3].map((t) => (t < 4 - own ? -1 : item++)))
  return placesOf({ items: Int32Array.from(rows.flat()), rows: lengths.length, length: 4 })
}

describe('histories', () => {
  it.each([[[2, 0, 4, 1]], [[1, 2, 0]], [[4, 4]], [[0, 0]]])(
    'of %j items stand where the batch has them, zeros at the padding',
    (lengths) => {
      const places = placesOfLengths(...lengths)
      const filled = Math.max(1, places.items.length)
      const rows = normal<tf.Rank.R2>([filled, 3], 20)
      const none = lengths.every((own) => own === 0)
      const history = createHistory(places, rows)
      // + 0 makes 0 of -0.
      const found = tf.add(history.padded(), 0).arraySync() as number[][][]
      const given = none ? [[0, 0, 0]] : rows.arraySync()
      let at = 0
      for (const [r, length] of lengths.entries()) {
        for (const t of [0, 1, 2, 3]) expect(found[r][t]).toEqual(t < 4 - length ? [0, 0, 0] : given[at++])
        expect(places.padding.arraySync()[r][0].map((x) => x === 0)).toEqual([0, 1, 2, 3].map((t) => t >= 4 - length))
      }
      expect(Array.from(places.lengths.dataSync())).toEqual(lengths)
      expect(tf.add(history.rows, 0).arraySync()).toEqual(given)
      expect(tf.add(fromPlaces(history.padded(), places), 0).arraySync()).toEqual(given)
      checkGradient((x) => total(createHistory(places, x as tf.Tensor2D).padded(), 21), [rows])
      checkGradient(
        (x) => total(fromPlaces(x as tf.Tensor3D, places), 22),
        [normal<tf.Rank.R3>([lengths.length, 4, 2], 23)],
      )
    },
  )

  it('end with their last item, and with zeros where there is none', () => {
    const places = placesOfLengths(2, 0, 4)
    const rows = normal<tf.Rank.R2>([6, 3], 24)
    const given = rows.arraySync()
    // + 0 makes 0 of -0.
    expect(tf.add(lastOf(rows, places), 0).arraySync()).toEqual([given[1], [0, 0, 0], given[5]])
    checkGradient((x) => total(lastOf(x as tf.Tensor2D, places), 25), [rows])
  })

  it('have positions by their distance from now', () => {
    const positions = normal<tf.Rank.R2>([4, 2], 26)
    const p = positions.arraySync()
    const found = addPositions(tf.zeros([3, 2]), positions, placesOfLengths(1, 2)).arraySync()
    expect(found).toEqual([p[3], p[2], p[3]])
  })
})

describe('encoders', () => {
  it('normalize gives unit rows, zeros for zeros, and the right gradient', () => {
    const x = normal<tf.Rank.R2>([3, 4], 1)
    for (const row of normalize(x).arraySync()) expect(Math.hypot(...row)).toBeCloseTo(1, 5)
    expect(Array.from(normalize(tf.zeros([1, 3])).dataSync())).toEqual([0, 0, 0])
    checkGradient((y) => total(normalize(y), 2), [x])
  })

  it('gatherRows adds up the gradients of rows that are used more than once', () => {
    const ids = tf.tensor2d([0, 2, 2, 1, 0, 2], [2, 3], 'int32')
    checkGradient((rows) => total(gatherRows(rows as tf.Tensor2D, ids), 3), [normal<tf.Rank.R2>([4, 2], 4)])
  })

  it('project has the gradients of a matrix product', () => {
    const [x, w] = [normal<tf.Rank.R2>([4, 5], 10), normal<tf.Rank.R2>([5, 2], 11)]
    expect(project(x, w).arraySync()).toEqual(tf.matMul(x, w).arraySync())
    checkGradient((a, b) => total(project(a as tf.Tensor2D, b as tf.Tensor2D), 12), [x, w])
  })

  it('the mean of a history leaves padding out, and is zero for an empty one', () => {
    const places = placesOfLengths(2, 0, 1)
    const mean = (rows: tf.Tensor) => meanPool(createHistory(places, rows as tf.Tensor2D))
    checkGradient((x) => total(mean(x), 13), [normal<tf.Rank.R2>([3, 2], 14)])
    const rows = [
      [2, 4],
      [4, 8],
      [5, 5],
    ]
    const full = normal<tf.Rank.R2>([8, 2], 15)
    const ofFull = (x: tf.Tensor) => meanPool(createHistory(placesOfLengths(4, 4), x as tf.Tensor2D))
    checkGradient((x) => total(ofFull(x), 16), [full])
    const first = full.arraySync().slice(0, 4)
    for (const d of [0, 1]) {
      expect(ofFull(full).arraySync()[0][d]).toBeCloseTo(first.reduce((sum, row) => sum + row[d], 0) / 4, 6)
    }
    expect(mean(tf.tensor2d(rows)).arraySync()).toEqual([
      [3, 6],
      [0, 0],
      [5, 5],
    ])
  })

  it('self-attention is softmax(W2 tanh(W1 (h + p))) h, written out in loops', () => {
    const parameters = createParameters(random(5))
    const sizes = { dim: 3, length: 4, hidden: 5, queries: 2 }
    const attend = createSelfAttention(parameters, 'a', sizes)
    const history = createHistory(placesOfLengths(3, 4), normal<tf.Rank.R2>([7, 3], 6))
    const [p, w1, w2] = parameters.list.map(({ variable }) => variable.arraySync() as number[][])
    const h = history.padded().arraySync()
    const out = attend(history).arraySync()
    for (const b of [0, 1]) {
      for (const k of [0, 1]) {
        const logits = h[b].map((row, t) => {
          const hidden = Array.from({ length: 5 }, (_, j) =>
            Math.tanh(row.reduce((sum, x, d) => sum + (x + p[t][d]) * w1[d][j], 0)),
          )
          return hidden.reduce((sum, x, j) => sum + x * w2[j][k], 0)
        })
        const weights = logits.map((logit, t) => (b === 0 && t === 0 ? 0 : Math.exp(logit)))
        const sum = weights.reduce((a, w) => a + w, 0)
        for (const d of [0, 1, 2]) {
          expect(out[b][k][d]).toBeCloseTo(
            h[b].reduce((a, row, t) => a + (weights[t] / sum) * row[d], 0),
            4,
          )
        }
      }
    }
    parameters.dispose()
  })

  it('pickInterest takes the interest nearest to the target, and sends the gradient there alone', () => {
    const vectors = tf.tensor3d([1, 0, 0, 1, 2, 0, 0, 3], [2, 2, 2])
    const targets = tf.tensor2d([0, 1, 1, 0], [2, 2])
    expect(pickInterest(vectors, targets).arraySync()).toEqual([
      [0, 1],
      [2, 0],
    ])
    const gradient = tf.grad((v: tf.Tensor) => tf.sum(pickInterest(v as tf.Tensor3D, targets)))(vectors)
    expect(Array.from(gradient.dataSync())).toEqual([0, 0, 1, 1, 1, 1, 0, 0])
  })

  it('tanh has the gradient of tanh', () => {
    checkGradient((x) => total(tanh(x), 9), [normal<tf.Rank.R2>([3, 4], 8)])
    checkGradient((x) => total(relu(x), 9), [normal<tf.Rank.R2>([3, 4], 8)])
  })

  it('stopGradient passes the value and no gradient', () => {
    const x = tf.tensor1d([2, 3])
    const gradient = tf.grad((y: tf.Tensor) => tf.sum(tf.mul(y, stopGradient(y))))(x)
    expect(Array.from(gradient.dataSync())).toEqual([2, 3])
  })

  it('with context, each item knows what came before it and nothing that comes later, and the padding stays zero', () => {
    const parameters = createParameters(random(5))
    const options = { dim: 4, history: 3, dropout: 0, context: { blocks: 1, dropout: 0 } }
    const read = createHistoryReader(parameters, options)
    const places = placesOf({ items: Int32Array.of(-1, 0, 1), rows: 1, length: 3 })
    const first = [1, -2, 3, 1]
    const input = (last: number, before = first) => ({
      size: 1,
      rows: tf.tensor2d([before, [last, 1, 0, 2]]),
      places,
      dropout: noDropout,
    })
    const reads = (...given: Parameters<typeof input>) =>
      read(input(...given))
        .padded()
        .arraySync()[0]
    // It begins without.
    const plain = [[0, 0, 0, 0], first, [5, 1, 0, 2]]
    expect(reads(5)).toEqual(plain)
    redraw(parameters, 6, 0.6)
    const [one, other] = [reads(5), reads(-5)]
    expect(one[0]).toEqual([0, 0, 0, 0])
    expect(one[1]).toEqual(other[1])
    for (const t of [1, 2]) expect(Math.hypot(...one[t].map((x, d) => x - plain[t][d]))).toBeGreaterThan(0.1)
    // What came before moves the last one.
    const moved = reads(5, [2, 2, -1, 1])[2]
    expect(Math.hypot(...moved.map((x, d) => x - one[2][d]))).toBeGreaterThan(0.01)
    parameters.dispose()
  })
})
