import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import { createHistory } from '../encoders/history.ts'
import { ready } from '../gradient.fixture.ts'
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
import { createInterestProbability } from './interest-probability.ts'
import { sparcNetwork } from './network.ts'
import { type SparcOptions, sparcOptions } from './sparc.ts'
import { createUserTower } from './user-tower.ts'

beforeAll(ready)

const softplus = (x: number) => Math.log(1 + Math.exp(x))
const topOf = (xs: Row, count: number) => [...xs.keys()].sort((a, b) => xs[b] - xs[a]).slice(0, count)
/** `log(e^own + sum e^others) - own` */
const crossEntropy = (own: number, others: Row) =>
  Math.log(Math.exp(own) + others.reduce((sum, x) => sum + Math.exp(x), 0)) - own

/**
 * The two towers of one user in loops; `items` are the vectors of its history, `first` the column of the oldest, `codes` those of the items
 * at level 1.
 */
function inLoops(options: SparcOptions, get: Get, items: Rows, first: number, codes: number[] = []) {
  const { dim, sharpness } = options
  const pool = (name: string, positions: Rows): Row => {
    const logits = items.map((h, t) => {
      const inner = times(plus(h, positions[first + t]), get(`${name}/w1`)).map(Math.tanh)
      return times(inner, get(`${name}/w2`))[0]
    })
    return weighted(softmax(logits), items, dim)
  }
  const average = weighted(
    items.map(() => 1 / items.length),
    items,
    dim,
  )
  const hidden = (name: string, x: Row) => {
    const inner = plus(times(x, get(`${name}/w1`)), get(`${name}/b1`)[0]).map((v) => Math.max(0, v))
    return plus(times(inner, get(`${name}/w2`)), get(`${name}/b2`)[0])
  }
  const general = () =>
    options.general === 'mean' ? plus(average, hidden('general', average)) : pool('general', get('positions'))
  /** `u_c`, asked for with the query `e`. */
  const interest = (e: Row): Row => {
    const asked = times(e, get('interest/query'))
    const logits = items.map((h, t) => {
      const key = times(plus(h, get('positions')[first + t]), get('interest/key'))
      return sharpness * dot(asked, key) + get('interest/bias')[0][first + t]
    })
    const attended = weighted(softmax(logits), items, dim)
    const own = plus(times(unit(attended), get('interest/value')), times(e, get('interest/codeword')))
    if (options.user === 'attention') return own
    const gamma = get('interest/gamma')[0]
    return plus(
      unit(general()),
      own.map((v, d) => v * gamma[d]),
    )
  }
  /** `p(c | user)` of all codes. */
  const probabilities = (): Row => {
    const pooled = pool('probability/attention', get('probability/attention/positions'))
    const counted = options.codeHistogram ? options.codebook.size : 0
    const histogram = Array.from(
      { length: counted },
      (_, c) => codes.filter((code) => code === c).length / Math.max(1, items.length),
    )
    const x = [...unit(pooled), ...unit(average), ...histogram]
    return softmax(plus(times(x, get('probability/linear')), hidden('probability', x)))
  }
  return { general, interest, probabilities }
}

/** Histories of three users: two items, four, and none. */
const histories: Histories = { items: Int32Array.of(-1, -1, 7, 3, 11, 0, 4, 7, -1, -1, -1, -1), rows: 3, length: 4 }
const sizes = { dim: 4, history: 4, hidden: 5, sharpness: 1.5 }
const makeTable = () => createEmbeddingTable(24, 4, { random: random(2), scale: 1 })
const vectorOf = ({ values }: { values: Float32Array }, item: number): Row =>
  Array.from(values.subarray(4 * item, 4 * item + 4))
const historyOf = (table: { values: Float32Array }, { items }: Histories, user: number) => {
  const own = Array.from(items.subarray(4 * user, 4 * user + 4)).filter((item) => item >= 0)
  return { items: own.map((item) => vectorOf(table, item)), first: 4 - own.length }
}
const expectRow = (found: Row, expected: Row) => {
  expect(found).toHaveLength(expected.length)
  for (const [i, value] of found.entries()) expect(Math.abs(value - expected[i])).toBeLessThan(1e-5)
}

describe("SPARC's towers, written out in loops", () => {
  const forms = (['residual', 'attention'] as const).flatMap((user) =>
    (['mean', 'attention'] as const).map((general) => ({ user, general })),
  )
  it.each(forms)('user $user, general $general: the vectors of interests, the padding left out', (form) => {
    const options = sparcOptions.parse({ ...sizes, ...form })
    const parameters = createParameters(random(1))
    const tower = createUserTower(parameters, options)
    redraw(parameters, 3, 0.6)
    const table = makeTable()
    const draw = random(4)
    const queries = [0, 1, 2].map(() => [0, 1].map(() => [0, 1, 2, 3].map(() => draw.normal())))
    const [found, general] = tf.tidy(() => {
      const input = createInputs(table).serving(histories)
      const history = createHistory(input.places, input.rows)
      const g = tower.general(history)
      const vectors = tower.interests(history, g, { shape: [3, 2], words: tf.tensor2d(queries.flat()) })
      // The same codewords, asked with by number.
      const backwards = { words: tf.tensor2d(queries.flat().reverse()), of: tf.range(5, -1, -1, 'int32') }
      expect(tower.interests(history, g, { shape: [3, 2], ...backwards }).arraySync()).toEqual(vectors.arraySync())
      return [vectors.arraySync(), g.arraySync()] as const
    })
    for (const user of [0, 1, 2]) {
      const { items, first } = historyOf(table, histories, user)
      const loops = inLoops(options, reader(parameters), items, first)
      expectRow(general[user], loops.general())
      for (const k of [0, 1]) expectRow(found[user][k], loops.interest(queries[user][k]))
    }
    parameters.dispose()
  })

  it('the probabilities of all codes, which add up to one', () => {
    const options = sparcOptions.parse(sizes)
    const parameters = createParameters(random(1))
    const tower = createInterestProbability(parameters, { dim: 4, length: 4, hidden: 5, codes: 6 })
    redraw(parameters, 5, 0.6)
    const table = makeTable()
    const found = tf.tidy(() => {
      const { rows, places } = createInputs(table).serving(histories)
      return tower(createHistory(places, rows)).arraySync()
    })
    for (const user of [0, 1, 2]) {
      const { items, first } = historyOf(table, histories, user)
      const expected = inLoops(options, reader(parameters), items, first).probabilities()
      expectRow(found[user], expected.map(Math.log))
      expect(found[user].reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 5)
      // Far from uniform, which would add up to one too.
      expect(Math.max(...expected)).toBeGreaterThan(0.25)
    }
    parameters.dispose()
  })
})

/** A network whose codebook has begun over a catalogue of 24 items, and its quantizer in loops. */
function setUp(given: object) {
  const options = sparcOptions.parse({ ...sizes, warmUpSteps: 0, ...given })
  const network = sparcNetwork(options, random(1))
  redraw(network.parameters, 6, 0.6)
  const table = makeTable()
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
  const state = network.state?.() ?? {}
  const { levels } = options.codebook
  /** Codes, codewords and what is left after each level. */
  const quantize = (x: Row) => {
    const found: { code: number; word: Row; left: Row }[] = []
    let left = x
    for (let l = 0; l < levels; l++) {
      const words = get(`codewords/${l}`)
      const costs = words.map((word, c) => Math.hypot(...minus(left, word)) ** 2 + state[`prices.${l}`][c])
      const [code] = topOf(
        costs.map((cost) => -cost),
        1,
      )
      left = minus(left, words[code])
      found.push({ code, word: words[code], left })
    }
    return found
  }
  const finish = (x: Row) => (options.normalize ? unit(x) : x)
  /** Every interest: its codes, one for each level that tells interests apart, and what it asks with. */
  let interests = [{ path: [] as number[], word: new Array<number>(4).fill(0) }]
  for (let l = 0; l < (options.interestLevels ?? 1); l++) {
    const words = get(`codewords/${l}`)
    interests = interests.flatMap(({ path, word }) =>
      words.map((own, c) => ({ path: [...path, c], word: plus(word, own) })),
    )
  }
  /** The towers of a user of `of`. */
  const towers = (of: Histories, user: number) => {
    const { items, first } = historyOf(table, of, user)
    const codes = items.map((item) => quantize(finish(item))[0].code)
    return inLoops(options, get, items, first, codes)
  }
  return { options, network, table, get, quantize, finish, interests, towers }
}

const codebook = { size: 5, levels: 2, capacity: 1 }

describe("SPARC's loss", () => {
  const weights = { recommendation: 2, general: 3, quantizer: 5, interest: 7, shuffle: 11, userItem: 13, itemItem: 17 }
  /** Users 0 and 2 have one target, which is drawn twice; nothing else is drawn that is a target. */
  const targets = Int32Array.of(9, 14, 9, 1)
  const drawn = Int32Array.of(9, 20, 5, 9, 22, 16)
  const own: Histories = {
    items: Int32Array.of(-1, -1, 7, 3, 11, 0, 4, 7, -1, -1, -1, 2, -1, 8, 21, 13),
    rows: 4,
    length: 4,
  }

  it.each([
    { train: 'nearest' },
    { train: 'nearest', generalCompetes: true, interests: 1 },
    { train: 'nearest', normalize: false, temperature: 2 },
    { train: 'nearest', codeHistogram: true },
    { train: 'nearest', interestLevels: 2 },
    { train: 'mixture' },
    { train: 'mixture', interestLevels: 2, codeHistogram: true },
    { train: 'target', query: 'half', user: 'attention' },
  ] as const)('is the weighted sum of its parts, each written out in loops: %o', (form) => {
    const given = { interests: 3, ...form, weights, codebook }
    const { options, network, table, quantize, finish, interests, towers } = setUp(given)
    const { total, parts } = tf.tidy(() => {
      const batch = { histories: own, users: Int32Array.of(0, 1, 2, 3), targets }
      const found = network.loss(createInputs(table).training(batch, drawn, noDropout, 1))
      const numbers = Object.entries(found.parts).map(([name, part]) => [name, part.dataSync()[0]] as const)
      return { total: found.total.dataSync()[0], parts: Object.fromEntries(numbers) }
    })
    const tau = options.temperature
    const score = (u: Row, v: Row) => dot(u, v) / tau
    const wanted = Array.from(targets, (item) => finish(vectorOf(table, item)))
    const others = Array.from(drawn, (item) => finish(vectorOf(table, item)))
    const negativesOf = (b: number) => others.filter((_, n) => drawn[n] !== targets[b])
    const softmaxLoss = (u: Row, b: number) =>
      crossEntropy(
        score(u, wanted[b]),
        negativesOf(b).map((v) => score(u, v)),
      )

    const quantized = wanted.map(quantize)
    const users = wanted.map((_, b) => {
      const { general, interest, probabilities } = towers(own, b)
      const p = probabilities()
      expect(p).toHaveLength(interests.length)
      const chosen = topOf(p, options.interests)
      const vectors = chosen.map((c) => finish(interest(interests[c].word)))
      return { general: finish(general()), interest, p, chosen, vectors }
    })
    /** Where each user's nearest vector stands. */
    const places = new Set<number>()
    const picked = users.map(({ general, interest, vectors }, b) => {
      if (options.train === 'mixture') return vectors[0]
      if (options.train === 'target') {
        // Every other row asks with the codewords of all levels.
        const [e1, ...rest] = quantized[b].map(({ word }) => word)
        return finish(interest(b % 2 === 0 ? e1 : rest.reduce(plus, e1)))
      }
      const rivals = options.generalCompetes ? [...vectors, general] : vectors
      const products = rivals.map((u) => dot(u, wanted[b]))
      const [nearest] = topOf(products, 1)
      places.add(nearest)
      return rivals[nearest]
    })
    if (options.train === 'nearest') {
      expect(places.size).toBeGreaterThan(1)
      // The general vector wins here and there.
      expect(places.has(options.interests)).toBe(options.generalCompetes)
    }
    const mixture = ({ vectors, p, chosen }: (typeof users)[number], v: Row) =>
      Math.log(vectors.reduce((sum, u, k) => sum + p[chosen[k]] * Math.exp(score(u, v)), 0))
    const recommendation = users.map((user, b) => {
      if (options.train !== 'mixture') return softmaxLoss(picked[b], b)
      return crossEntropy(
        mixture(user, wanted[b]),
        negativesOf(b).map((v) => mixture(user, v)),
      )
    })
    const errors = [...wanted, ...others].map((x) => quantize(x).map(({ left }) => dot(left, left) / 4))
    const allLevels = mean(errors.map((levels) => levels.reduce((sum, error) => sum + error, 0)))
    const zq = quantized.map((levels) => finish(levels.map(({ word }) => word).reduce(plus)))
    /** Rows with the same target are no negatives of each other. */
    const contrast = (rows: Rows) =>
      mean(
        rows.map((row, b) =>
          crossEntropy(
            score(row, zq[b]),
            zq.filter((_, n) => targets[n] !== targets[b]).map((z) => score(row, z)),
          ),
        ),
      )
    const interestOf = (levels: { code: number }[]) =>
      interests.findIndex(({ path }) => path.every((code, l) => code === levels[l].code))
    const before = [3, 0, 1, 2]
    const expected = {
      recommendation: mean(recommendation),
      general: mean(users.map(({ general }, b) => softmaxLoss(general, b))),
      interest: mean(users.map(({ p }, b) => -Math.log(p[interestOf(quantized[b])]))),
      quantizer: mean(errors.map((levels) => levels[1])) + (1 + options.codebook.commitment) * allLevels,
      shuffle: mean(wanted.map((v, b) => softplus(score(picked[before[b]], v) - score(picked[b], v)))),
      userItem: contrast(picked),
      itemItem: contrast(wanted),
    }
    expect(Object.keys(parts).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) {
      expect(Math.abs(parts[name] - value), name).toBeLessThan(1e-5 * Math.max(1, value))
    }
    const sum = Object.entries(expected).reduce(
      (all, [name, value]) => all + weights[name as keyof typeof weights] * value,
      0,
    )
    expect(Math.abs(total - sum)).toBeLessThan(1e-5 * sum)
    network.dispose()
  })
})

describe("SPARC's interests", () => {
  it.each([
    { generalShare: 0.3, probabilityTemperature: 3 },
    { generalShare: 0, probabilityTemperature: 1 },
    { generalShare: 0.3, probabilityTemperature: 2, interestLevels: 2, codeHistogram: true },
  ])('are the likeliest codes beside the general vector, written out in loops: %o', (form) => {
    const { network, table, quantize, finish, interests, towers } = setUp({ ...form, explored: 3, codebook })
    const found = tf.tidy(() => {
      const { vectors, codes, logProbabilities } = network.users(createInputs(table).serving(histories))
      return { vectors: vectors.arraySync(), codes: codes?.arraySync(), logs: logProbabilities?.arraySync() }
    })
    const { generalShare: share, probabilityTemperature } = form
    for (const user of [0, 1, 2]) {
      const { general, interest, probabilities } = towers(histories, user)
      const served = softmax(probabilities().map((p) => Math.log(p) / probabilityTemperature))
      const chosen = topOf(served, 3)
      const vectors = chosen.map((c) => finish(interest(interests[c].word)))
      // Beside the general vector the others have the rest of the probability; alone they have what all codes leave them.
      const all = share > 0 ? chosen.reduce((sum, code) => sum + served[code], 0) / (1 - share) : 1
      const logs = chosen.map((code) => Math.log(served[code] / all))
      const g = finish(general())
      const front = share > 0 ? [{ vector: g, code: quantize(g)[0].code, log: Math.log(share) }] : []
      const expected = [
        ...front,
        ...chosen.map((c, k) => ({ vector: vectors[k], code: interests[c].path[0], log: logs[k] })),
      ]
      expect(found.codes?.[user]).toEqual(expected.map(({ code }) => code))
      expectRow(
        found.logs?.[user] ?? [],
        expected.map(({ log }) => log),
      )
      for (const [k, { vector }] of expected.entries()) expectRow(found.vectors[user][k], vector)
    }
    network.dispose()
  })
})
