import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { createCausalTransformer } from '../encoders/causal-transformer.ts'
import { type Places, placesOf } from '../encoders/history.ts'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { dot, reader, redraw, unit, vectorsOf } from '../plain.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import { everyPosition, sasrecNetwork } from './network.ts'
import { sasrec, sasrecOptions } from './sasrec.ts'

beforeAll(ready)
const same = <T extends tf.Tensor>(x: T) => x
/** Histories of so many items each, in this many places. */
function placesOfLengths(length: number, ...lengths: number[]): Places {
  const rows = lengths.map((own) => Array.from({ length }, (_, t) => (t < length - own ? -1 : t)))
  return placesOf({ items: Int32Array.from(rows.flat()), rows: lengths.length, length })
}
type Rows = number[][]

const product = (x: Rows, w: Rows): Rows =>
  x.map((row) => w[0].map((_, j) => row.reduce((sum, v, i) => sum + v * w[i][j], 0)))
const plus = (x: Rows, y: Rows): Rows => x.map((row, t) => row.map((v, d) => v + y[t][d]))
const norm = (x: Rows, gain: number[], bias: number[]): Rows =>
  x.map((row) => {
    const mean = row.reduce((sum, v) => sum + v, 0) / row.length
    const deviation = Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length + 1e-8)
    return row.map((v, d) => (gain[d] * (v - mean)) / deviation + bias[d])
  })

/** SASRec's encoder for one history, in loops: the last item has the last position. */
function encodeInLoops(x: Rows, get: (name: string) => Rows, heads: number, blocks: number): Rows {
  const vector = (name: string) => get(name) as unknown[] as number[]
  let state = plus(x, get('positions').slice(-x.length))
  for (let b = 0; b < blocks; b++) {
    const normed = norm(state, vector(`${b}/attention-norm/gain`), vector(`${b}/attention-norm/bias`))
    const [q, k, v] = ['query', 'key', 'value'].map((name) => product(normed, get(`${b}/${name}`)))
    const width = q[0].length / heads
    const attended = q.map((row, t) =>
      row.map((_, d) => {
        const from = Math.floor(d / width) * width
        const weights = k.slice(0, t + 1).map((other) => {
          let dot = 0
          for (let e = from; e < from + width; e++) dot += row[e] * other[e]
          return Math.exp(dot / Math.sqrt(width))
        })
        const total = weights.reduce((sum, w) => sum + w, 0)
        return weights.reduce((sum, w, s) => sum + (w / total) * v[s][d], 0)
      }),
    )
    state = plus(state, product(attended, get(`${b}/output`)))
    const between = norm(state, vector(`${b}/network-norm/gain`), vector(`${b}/network-norm/bias`))
    const b1 = vector(`${b}/b1`)
    const b2 = vector(`${b}/b2`)
    const inner = product(between, get(`${b}/w1`)).map((row) => row.map((value, j) => Math.max(0, value + b1[j])))
    const outer = product(inner, get(`${b}/w2`)).map((row) => row.map((value, j) => value + b2[j]))
    state = plus(state, outer)
  }
  return norm(state, vector('norm/gain'), vector('norm/bias'))
}

describe('the causal transformer', () => {
  it('is the encoder of the paper, written out in loops', () => {
    const parameters = createParameters(random(1))
    const encode = createCausalTransformer(parameters, 't', {
      positionScale: 0.02,
      dim: 4,
      length: 5,
      blocks: 2,
      heads: 2,
      hidden: 6,
    })
    const draw = random(2)
    const values = Object.entries(parameters.values()).map(([name, value]) => [name, value.map(() => draw.normal())])
    parameters.restore(Object.fromEntries(values))
    const x = normal<tf.Rank.R2>([5, 4], 3)
    const found = encode(x, placesOfLengths(5, 5), same).arraySync()
    const get = (name: string) => {
      const parameter = parameters.list.find((one) => one.name === `t/${name}`)
      return parameter?.variable.arraySync() as Rows
    }
    const expected = encodeInLoops(x.arraySync(), get, 2, 2)
    for (let t = 0; t < 5; t++) for (let d = 0; d < 4; d++) expect(found[t][d]).toBeCloseTo(expected[t][d], 3)
    parameters.dispose()
  })

  it('lets no position see a later one, nor another history', () => {
    const parameters = createParameters(random(4))
    const encode = createCausalTransformer(parameters, 't', {
      positionScale: 0.02,
      dim: 4,
      length: 5,
      blocks: 2,
      heads: 1,
      hidden: 4,
    })
    const x = normal<tf.Rank.R2>([6, 4], 5)
    // The last item of one history, and both of another.
    const changes = [0, 0, 0, 9, 9, 9].map((v) => [v, -v, v, v])
    const places = placesOfLengths(5, 4, 2)
    const [before, after] = [x, tf.add(x, changes) as tf.Tensor2D].map((rows) => encode(rows, places, same).arraySync())
    for (const t of [0, 1, 2]) for (let d = 0; d < 4; d++) expect(after[t][d]).toBeCloseTo(before[t][d], 5)
    for (const t of [3, 4, 5]) expect(Math.abs(after[t][0] - before[t][0])).toBeGreaterThan(1e-3)
    // Alone a history is what it is among others.
    const alone = encode(tf.slice(x, 0, 4), placesOfLengths(5, 4), same).arraySync()
    for (const t of [0, 1, 2, 3]) for (let d = 0; d < 4; d++) expect(alone[t][d]).toBeCloseTo(before[t][d], 5)
    parameters.dispose()
  })

  it('has the gradient that finite differences give', () => {
    const parameters = createParameters(random(6))
    const encode = createCausalTransformer(parameters, 't', {
      positionScale: 0.02,
      dim: 4,
      length: 3,
      blocks: 1,
      heads: 2,
      hidden: 3,
    })
    const places = placesOfLengths(3, 2, 3)
    const weight = normal<tf.Rank.R2>([5, 4], 7)
    checkGradient(
      (x) => tf.sum(tf.mul(encode(x as tf.Tensor2D, places, same), weight)) as tf.Scalar,
      [normal<tf.Rank.R2>([5, 4], 8)],
      1e-2,
      2e-2,
    )
    parameters.dispose()
  })
})

describe('SASRec', () => {
  it('trains every position on the item that came next', () => {
    const table = createEmbeddingTable(10, 2, { random: random(1) })
    const histories = { items: Int32Array.of(-1, 4, 7, 2, 3, 4), rows: 2, length: 3 }
    const batch = { histories, users: Int32Array.of(0, 1), targets: Int32Array.of(9, 5) }
    const sampler = createInputs(table)
    const input = sampler.training(batch, Int32Array.of(7, 4, 4, 0), noDropout, 1)
    const states = tf.tensor2d([1, 10, 2, 20, 3, 30, 4, 40, 5, 50], [5, 2])
    const found = everyPosition(states, input)
    expect(found.users.arraySync().map(([x]) => x)).toEqual([1, 2, 3, 4, 5])
    expect(Array.from(found.input.batch.targets)).toEqual([7, 9, 3, 4, 5])
    const vectors = new Float32Array(5 * 2)
    table.gather(found.input.batch.targets, 5, vectors)
    expect(found.input.targets.dataSync()).toEqual(vectors)
    expect(Array.from(found.input.hits.dataSync())).toEqual([1, 0, 0, 2, 0])
    expect(found.input.size).toBe(5)
  })

  it('corrects every position by how likely its own item was to be drawn', () => {
    const table = createEmbeddingTable(10, 2, { random: random(1) })
    const histories = { items: Int32Array.of(-1, 4, 7, 2, 3, 4), rows: 2, length: 3 }
    const batch = { histories, users: Int32Array.of(0, 1), targets: Int32Array.of(9, 5) }
    const input = createInputs(table, (item) => item / 2).training(batch, Int32Array.of(7, 4), noDropout, 1)
    const { logQ } = everyPosition(tf.zeros([5, 2]), input).input
    expect([...logQ!.targets.dataSync()]).toEqual([3.5, 4.5, 1.5, 2, 2.5])
    expect([...logQ!.negatives.dataSync()]).toEqual([3.5, 2])
  })

  it.each([true, false])(
    'scores by the last state of sqrt(dim) h + P, and learns at each position or the last, in loops: %s',
    (normalize) => {
      const histories = [
        [-1, -1, 5, 2],
        [8, 0, 11, 5],
        [-1, 4, 6, 10],
      ]
      const [targets, drawn] = [Int32Array.of(7, 3, 1), Int32Array.of(7, 1, 2, 7, 5, 10)]
      for (const positions of ['all', 'last'] as const) {
        const shape = { dim: 4, history: 4, blocks: 2, heads: 2, hidden: 5, temperature: 0.5 }
        const network = sasrecNetwork(sasrecOptions.parse({ ...shape, normalize, positions }), random(1))
        redraw(network.parameters, 2, 0.7)
        const table = createEmbeddingTable(12, 4, { random: random(3), scale: 1 })
        const vectorOf = vectorsOf(table)
        const read = reader(network.parameters)
        const get = (name: string) => {
          const rows = read(`transformer/${name}`)
          return rows.length === 1 ? (rows[0] as unknown as Rows) : rows
        }
        const finish = (x: number[]) => (normalize ? unit(x) : x)
        const statesOf = (items: number[]) =>
          encodeInLoops(
            items.map((item) => vectorOf(item).map((x) => 2 * x)),
            get,
            2,
            2,
          ).map(finish)
        const rows = { items: Int32Array.from(histories.flat()), rows: 3, length: 4 }
        const { users, loss } = tf.tidy(() => ({
          users: network.users(createInputs(table).serving(rows)).vectors.arraySync(),
          loss: network
            .loss(
              createInputs(table).training(
                { histories: rows, users: Int32Array.of(0, 1, 2), targets },
                drawn,
                noDropout,
                1,
              ),
            )
            .total.dataSync()[0],
        }))
        const losses = histories.flatMap((history, b) => {
          const own = history.filter((item) => item >= 0)
          const states = statesOf(own)
          for (const [d, x] of users[b][0].entries()) expect(Math.abs(x - states[own.length - 1][d])).toBeLessThan(1e-5)
          const next = [...own.slice(1), targets[b]]
          const examples = states.map((state, t) => {
            const score = (item: number) => dot(state, finish(vectorOf(item))) / 0.5
            const others = Array.from(drawn).filter((item) => item !== next[t])
            const all = others.reduce((sum, item) => sum + Math.exp(score(item)), Math.exp(score(next[t])))
            return Math.log(all) - score(next[t])
          })
          return positions === 'all' ? examples : examples.slice(-1)
        })
        const expected = losses.reduce((sum, x) => sum + x, 0) / losses.length
        expect(losses).toHaveLength(positions === 'all' ? 9 : 3)
        expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5)
        network.dispose()
      }
    },
  )

  it('begins its positions as large as asked for', () => {
    for (const positionScale of [0.02, 0.5]) {
      const network = sasrecNetwork(sasrecOptions.parse({ positionScale }), random(1))
      const positions = network.parameters.values()['transformer/positions']
      const square = positions.reduce((sum, x) => sum + x * x, 0) / positions.length
      expect(Math.sqrt(square) / positionScale).toBeCloseTo(1, 1)
      network.dispose()
    }
  })

  it('refuses heads that do not divide its dimension', () => {
    expect(() => sasrec({ dim: 10, heads: 4 })).toThrow(/must divide dim/)
  })
})
