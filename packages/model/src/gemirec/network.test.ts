import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import { createHistory } from '../encoders/history.ts'
import { normal, ready } from '../gradient.fixture.ts'
import {
  dot,
  type Get,
  mean,
  minus,
  plus,
  type Row,
  type Rows,
  reader,
  redraw,
  softmax,
  times,
  unit,
  weighted,
} from '../plain.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import type { Histories } from '../training/sampler.ts'
import { gemirecOptions } from './gemirec.ts'
import { createInterestGenerator } from './interest-generator.ts'
import { gemirecNetwork } from './network.ts'

beforeAll(ready)

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const largest = (xs: Row) => xs.indexOf(Math.max(...xs))

/** The gated recurrent unit for one user: `z` and `r` side by side in the gates, `h' = (1 - z) h + z tanh(U [e, r h] + c)`. */
function nextInLoops(get: Get, h: Row, e: Row): Row {
  const gates = plus(times([...e, ...h], get('generator/gates')), get('generator/gate-bias')[0]).map(sigmoid)
  const [z, r] = [gates.slice(0, h.length), gates.slice(h.length)]
  const seen = [...e, ...h.map((v, i) => r[i] * v)]
  const proposed = plus(times(seen, get('generator/proposal')), get('generator/proposal-bias')[0]).map(Math.tanh)
  return h.map((v, i) => (1 - z[i]) * v + z[i] * proposed[i])
}

/** `log p` of one sequence of codes, the codewords of `words` read in between. */
function logInLoops(get: Get, start: Row, codes: number[], words: (level: number, code: number) => Row): number {
  let [h, sum] = [start, 0]
  for (const [level, code] of codes.entries()) {
    const logits = plus(times(h, get(`generator/output/${level}`)), get(`generator/bias/${level}`)[0])
    sum += Math.log(softmax(logits)[code])
    h = nextInLoops(get, h, words(level, code))
  }
  return sum
}

/** The towers of one user; `items` are the vectors of its history, `first` the column of the oldest. */
function inLoops(get: Get, items: Rows, first: number, dim: number) {
  const pool = (name: string): Row => {
    const logits = items.map((h, t) => {
      const placed = plus(h, get(`${name}/positions`)[first + t])
      return times(times(placed, get(`${name}/w1`)).map(Math.tanh), get(`${name}/w2`))[0]
    })
    return weighted(softmax(logits), items, dim)
  }
  const average = weighted(
    items.map(() => 1 / items.length),
    items,
    dim,
  )
  return {
    general: () => pool('general'),
    start: () => {
      const x = [...unit(pool('generator/attention')), ...unit(average)]
      return plus(times(x, get('generator/w')), get('generator/b')[0]).map(Math.tanh)
    },
    /** `n(g) + W_v n(a) + W_u e`, `e` the codewords of all levels side by side. */
    interest(codewords: Rows): Row {
      const e = codewords.flat()
      const asked = times(e, get('interest/query'))
      const attended = weighted(softmax(items.map((h) => dot(asked, times(h, get('interest/key'))))), items, dim)
      const own = plus(times(unit(attended), get('interest/value')), times(e, get('interest/codewords')))
      return plus(unit(pool('general')), own)
    },
  }
}

const expectRow = (found: Row, expected: Row) => {
  expect(found).toHaveLength(expected.length)
  for (const [i, value] of found.entries()) expect(Math.abs(value - expected[i])).toBeLessThan(1e-5)
}

describe("GemiRec's generator, written out in loops", () => {
  const sizes = { dim: 3, length: 4, hidden: 5, sizes: [3, 4, 2] }
  const setUp = () => {
    const parameters = createParameters(random(1))
    const words = sizes.sizes.map((size, l) => normal<tf.Rank.R2>([size, 3], 10 + l))
    const lookup = (level: number, codes: tf.Tensor1D) => tf.gather(words[level], codes)
    const generator = createInterestGenerator(parameters, sizes, lookup)
    redraw(parameters, 2, 0.7)
    const plain = words.map((level) => level.arraySync())
    return {
      parameters,
      generator,
      get: reader(parameters),
      words: (level: number, code: number) => plain[level][code],
    }
  }

  it('gives codes of three levels their probability, a step of the recurrent unit between two of them', () => {
    const { parameters, generator, get, words } = setUp()
    const start = normal<tf.Rank.R2>([3, 5], 3)
    const codes = [
      [2, 0, 1],
      [3, 1, 0],
      [1, 1, 0],
    ]
    const found = generator.logProbability(
      start,
      codes.map((level) => tf.tensor1d(level, 'int32')),
    )
    const expected = start.arraySync().map((h, user) => {
      const own = codes.map((level) => level[user])
      return logInLoops(get, h, own, words)
    })
    expectRow(found.arraySync(), expected)
    parameters.dispose()
  })

  it('starts from the attention pool and the mean of the history, the padding left out', () => {
    const { parameters, generator, get } = setUp()
    const table = createEmbeddingTable(9, 3, { random: random(4), scale: 1 })
    const items = Int32Array.of(-1, 5, 2, 7, 0, 8, 2, 1)
    const found = tf.tidy(() => {
      const { rows, places } = createInputs(table).serving({ items, rows: 2, length: 4 })
      return generator.start(createHistory(places, rows)).arraySync()
    })
    for (const user of [0, 1]) {
      const own = Array.from(items.subarray(4 * user, 4 * user + 4)).filter((item) => item >= 0)
      const vectors = own.map((item) => Array.from(table.values.subarray(3 * item, 3 * item + 3)))
      expectRow(found[user], inLoops(get, vectors, 4 - own.length, 3).start())
    }
    parameters.dispose()
  })
})

/** A network whose dictionary has begun over a catalogue of 24 items, and its quantizer in loops. */
function setUp(given: object) {
  const options = gemirecOptions.parse({
    dim: 4,
    history: 4,
    hidden: 5,
    warmUpSteps: 0,
    dictionary: { size: 4, levels: 2 },
    ...given,
  })
  const network = gemirecNetwork(options, random(1))
  redraw(network.parameters, 6, 0.7)
  const table = createEmbeddingTable(24, 4, { random: random(2), scale: 1 })
  network.between?.({
    step: 0,
    steps: 10,
    share: 0,
    items: () => encodeItems(network, table),
    counts: new Int32Array(24),
    random: random(3),
    phase: () => undefined,
    codebook: () => undefined,
  })
  const get = reader(network.parameters)
  const words = (level: number, code: number) => get(`codewords/${level}`)[code]
  const finish = (x: Row) => (options.normalize ? unit(x) : x)
  const vectorOf = (item: number) => finish(Array.from(table.values.subarray(4 * item, 4 * item + 4)))
  const ofUser = ({ items }: Histories, user: number) => {
    const own = Array.from(items.subarray(4 * user, 4 * user + 4)).filter((item) => item >= 0)
    const vectors = own.map((item) => Array.from(table.values.subarray(4 * item, 4 * item + 4)))
    return inLoops(get, vectors, 4 - own.length, 4)
  }
  /** Codes, and the squared error after each level. */
  const quantize = (x: Row) => {
    let left = x
    return [0, 1].map((level) => {
      const rests = get(`codewords/${level}`).map((word) => minus(left, word))
      const code = largest(rests.map((rest) => -dot(rest, rest)))
      left = rests[code]
      return { code, error: dot(left, left) / 4 }
    })
  }
  /** All interests, likeliest first: with a beam as wide as the first level, a search finds the best of them. */
  const ranked = (user: ReturnType<typeof ofUser>) => {
    const start = user.start()
    const all = [0, 1, 2, 3].flatMap((first) => [0, 1, 2, 3].map((second) => [first, second]))
    const found = all.map((codes) => ({
      codes,
      log: logInLoops(get, start, codes, words),
      vector: finish(user.interest(codes.map((code, level) => words(level, code)))),
    }))
    return found.sort((a, b) => b.log - a.log)
  }
  return { options, network, table, get, words, finish, vectorOf, ofUser, quantize, ranked }
}

describe("GemiRec's interests", () => {
  it.each([{ normalize: true }, { normalize: false }])(
    'are the likeliest that the generator writes down, each with a vector of its own, written out in loops: %o',
    (form) => {
      const { network, table, ofUser, ranked } = setUp({ ...form, explored: 4 })
      const histories = { items: Int32Array.of(-1, -1, 7, 3, 11, 0, 4, 7, -1, -1, -1, -1), rows: 3, length: 4 }
      const found = tf.tidy(() => {
        const { vectors, codes, logProbabilities } = network.users(createInputs(table).serving(histories))
        return { vectors: vectors.arraySync(), codes: codes?.arraySync(), logs: logProbabilities?.arraySync() }
      })
      for (const user of [0, 1, 2]) {
        const expected = ranked(ofUser(histories, user)).slice(0, 4)
        expect(found.codes?.[user]).toEqual(expected.map(({ codes }) => codes[0]))
        expectRow(
          found.logs?.[user] ?? [],
          expected.map(({ log }) => log),
        )
        for (const [k, { vector }] of expected.entries()) expectRow(found.vectors[user][k], vector)
      }
      network.dispose()
    },
  )
})

describe("GemiRec's loss", () => {
  it.each(['target', 'generated'] as const)(
    'is the weighted sum of its parts, each written out in loops: training %s',
    (training) => {
      const weights = { retrieval: 2, general: 3, quantizer: 5, generation: 7 }
      const set = setUp({ training, weights, interests: 4, temperature: 0.5 })
      const { network, table, words, finish, vectorOf, ofUser, quantize, ranked } = set
      const histories = { items: Int32Array.of(-1, -1, 7, 3, 11, 0, 4, 7, -1, 8, 21, 13), rows: 3, length: 4 }
      // The first target is drawn twice.
      const targets = Int32Array.of(9, 14, 1)
      const drawn = Int32Array.of(9, 20, 5, 9, 22)
      const { total, parts } = tf.tidy(() => {
        const batch = { histories, users: Int32Array.of(0, 1, 2), targets }
        const found = network.loss(createInputs(table).training(batch, drawn, noDropout, 1))
        const numbers = Object.entries(found.parts).map(([name, part]) => [name, part.dataSync()[0]] as const)
        return { total: found.total.dataSync()[0], parts: Object.fromEntries(numbers) }
      })
      const sampled = (u: Row, b: number) => {
        const others = Array.from(drawn).filter((item) => item !== targets[b])
        const own = dot(u, vectorOf(targets[b])) / 0.5
        const sum = others.reduce((all, item) => all + Math.exp(dot(u, vectorOf(item)) / 0.5), Math.exp(own))
        return Math.log(sum) - own
      }
      const codes = Array.from(targets, (item) => quantize(vectorOf(item)).map(({ code }) => code))
      const users = [0, 1, 2].map((b) => ofUser(histories, b))
      const picked = users.map((user, b) => {
        if (training === 'target') return finish(user.interest(codes[b].map((code, level) => words(level, code))))
        const vectors = ranked(user)
          .slice(0, 4)
          .map(({ vector }) => vector)
        return vectors[largest(vectors.map((u) => dot(u, vectorOf(targets[b]))))]
      })
      const errors = [...targets, ...drawn].map((item) => quantize(vectorOf(item)).map(({ error }) => error))
      const expected = {
        retrieval: mean(picked.map(sampled)),
        general: mean(users.map((user, b) => sampled(finish(user.general()), b))),
        // Reconstruction, and codebook and commitment of both levels.
        quantizer: mean(errors.map(([first, last]) => last + 1.25 * (first + last))),
        generation: mean(users.map((user, b) => -logInLoops(set.get, user.start(), codes[b], words))),
      }
      expect(Object.keys(parts).sort()).toEqual(Object.keys(expected).sort())
      let sum = 0
      for (const [name, value] of Object.entries(expected)) {
        expect(Math.abs(parts[name] - value), name).toBeLessThan(1e-5 * Math.max(1, value))
        sum += weights[name as keyof typeof weights] * value
      }
      expect(Math.abs(total - sum)).toBeLessThan(1e-5 * sum)
      network.dispose()
    },
  )
})
