import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import { dot, unit, vectorsOf } from '../plain.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { comirecSaOptions } from './comirec-sa.ts'
import { comirecSaNetwork } from './network-sa.ts'

beforeAll(ready)

/** Equation 8 of the paper for one history: `v_k = sum_t softmax_t(w2_k tanh(W1 (h_t + p_t))) h_t`, `first` the column of the oldest. */
function interestsInLoops(
  history: number[][],
  first: number,
  { positions, w1, w2 }: Record<'positions' | 'w1' | 'w2', number[][]>,
): number[][] {
  const [dim, hidden, interests] = [positions[0].length, w2.length, w2[0].length]
  const vectors: number[][] = []
  for (let k = 0; k < interests; k++) {
    const weights = history.map((h, t) => {
      let logit = 0
      for (let j = 0; j < hidden; j++) {
        let inner = 0
        for (let d = 0; d < dim; d++) inner += (h[d] + positions[first + t][d]) * w1[d][j]
        logit += Math.tanh(inner) * w2[j][k]
      }
      return Math.exp(logit)
    })
    const total = weights.reduce((sum, w) => sum + w, 0)
    const vector = Array.from({ length: dim }, (_, d) =>
      history.reduce((sum, h, t) => sum + (weights[t] / total) * h[d], 0),
    )
    vectors.push(vector)
  }
  return vectors
}

function setUp(normalize: boolean) {
  const options = comirecSaOptions.parse({ dim: 4, history: 4, interests: 3, hidden: 5, temperature: 0.5, normalize })
  const network = comirecSaNetwork(options, random(1))
  const draw = random(2)
  for (const [name, value] of Object.entries(network.parameters.values())) {
    network.parameters.restore({ [name]: value.map(() => draw.normal()) })
  }
  const table = createEmbeddingTable(12, 4, { random: random(3), scale: 1 })
  const matrix = (name: string) =>
    network.parameters.list.find((one) => one.name === `attention/${name}`)?.variable.arraySync() as number[][]
  const parameters = { positions: matrix('positions'), w1: matrix('w1'), w2: matrix('w2') }
  const vectorOf = vectorsOf(table)
  const finish = (x: number[]) => (normalize ? unit(x) : x)
  /** The vectors of a history with as much padding in front as it needs. */
  const inLoops = (items: number[]) => {
    const own = items.filter((item) => item >= 0)
    return interestsInLoops(own.map(vectorOf), 4 - own.length, parameters).map(finish)
  }
  return { network, table, inLoops, item: (item: number) => finish(vectorOf(item)) }
}

const histories = [
  [-1, -1, 5, 2],
  [8, 0, 11, 5],
  [-1, -1, -1, -1],
]
const rowsOf = (rows: number[][]) => ({ items: Int32Array.from(rows.flat()), rows: rows.length, length: 4 })

describe('ComiRec-SA', () => {
  it.each([true, false])('attends to a history once for each interest, as the paper writes it out: %s', (normalize) => {
    const { network, table, inLoops } = setUp(normalize)
    const found = (wanted?: number) =>
      tf.tidy(() => network.users(createInputs(table).serving(rowsOf(histories)), wanted).vectors.arraySync())
    for (const [wanted, count] of [
      [undefined, 3],
      [2, 2],
      [9, 3],
    ] as const) {
      for (const [user, vectors] of found(wanted).entries()) {
        expect(vectors).toHaveLength(count)
        const expected = inLoops(histories[user])
        for (const [k, vector] of vectors.entries()) {
          for (const [d, x] of vector.entries()) expect(Math.abs(x - expected[k][d])).toBeLessThan(1e-5)
        }
      }
    }
    network.dispose()
  })

  it('learns from the interest nearest to the target, by a softmax over the negatives that are not it', () => {
    const { network, table, inLoops, item } = setUp(true)
    const rows = [...histories.slice(0, 2), [-1, 4, 6, 10]]
    const [targets, drawn] = [Int32Array.of(7, 3, 1), Int32Array.of(7, 1, 9, 7, 4)]
    const { total, parts } = tf.tidy(() => {
      const batch = { histories: rowsOf(rows), users: Int32Array.of(0, 1, 2), targets }
      const found = network.loss(createInputs(table).training(batch, drawn, noDropout, 1))
      return { total: found.total.dataSync()[0], parts: found.parts.recommendation.dataSync()[0] }
    })
    const places = new Set<number>()
    const losses = rows.map((row, b) => {
      const target = item(targets[b])
      const users = inLoops(row)
      const products = users.map((v) => dot(v, target))
      const nearest = products.indexOf(Math.max(...products))
      places.add(nearest)
      const score = (v: number[]) => dot(users[nearest], v) / 0.5
      const others = Array.from(drawn).filter((negative) => negative !== targets[b])
      const sum = others.reduce((all, other) => all + Math.exp(score(item(other))), Math.exp(score(target)))
      return Math.log(sum) - score(target)
    })
    // It is not the same interest for all of them.
    expect(places.size).toBeGreaterThan(1)
    expect(Math.abs(total - losses.reduce((sum, loss) => sum + loss, 0) / 3)).toBeLessThan(1e-5)
    expect(parts).toBe(total)
    network.dispose()
  })
})
