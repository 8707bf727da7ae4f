import { random, readEmbeddings, readInterests, readQueries, readSequences } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import { checkGradient, normal, ready } from '../gradient.fixture.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { createParameters } from '../training/parameters.ts'
import { createSampler } from '../training/sampler.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { gemirec, gemirecOptions } from './gemirec.ts'
import { interestsOfHistory } from './history-interests.ts'
import { createInterestGenerator } from './interest-generator.ts'
import { gemirecNetwork } from './network.ts'

beforeAll(ready)

function generatorOf(seed: number, sizes: number[]) {
  const parameters = createParameters(random(seed))
  const words = sizes.map((size, l) => normal<tf.Rank.R2>([size, 3], seed + 10 * l))
  const lookup = (level: number, codes: tf.Tensor1D) => tf.gather(words[level], codes)
  const generator = createInterestGenerator(parameters, { dim: 3, length: 4, hidden: 5, sizes }, lookup)
  return { parameters, generator, start: normal<tf.Rank.R2>([2, 5], seed + 1) }
}

/** All sequences of codes. */
function allCodes(sizes: number[]): number[][] {
  return sizes.reduce<number[][]>(
    (prefixes, size) => prefixes.flatMap((prefix) => Array.from({ length: size }, (_, c) => [...prefix, c])),
    [[]],
  )
}

const column = (codes: number[][], level: number) =>
  tf.tensor1d(
    codes.map((code) => code[level]),
    'int32',
  )

describe("GemiRec's generator of interests", () => {
  it('gives all interests probabilities that add up to one', () => {
    const { generator, start, parameters } = generatorOf(1, [3, 4, 2])
    const codes = allCodes([3, 4, 2])
    const user = tf.tile(tf.slice(start, [0, 0], [1, -1]), [codes.length, 1]) as tf.Tensor2D
    const logs = generator.logProbability(
      user,
      [0, 1, 2].map((level) => column(codes, level)),
    )
    expect(logs.arraySync().reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 5)
    parameters.dispose()
  })

  it('finds with a wide beam the interests that trying them all finds', () => {
    const { generator, start, parameters } = generatorOf(2, [4, 4])
    const codes = allCodes([4, 4])
    const found = generator.search(start, 4)
    for (const user of [0, 1]) {
      const repeated = tf.tile(tf.slice(start, [user, 0], [1, -1]), [codes.length, 1]) as tf.Tensor2D
      const logs = generator.logProbability(repeated, [column(codes, 0), column(codes, 1)]).arraySync()
      const best = codes
        .map((code, n) => ({ code, log: logs[n] }))
        .sort((a, b) => b.log - a.log)
        .slice(0, 4)
      const levels = found.codes.map((code) => code.arraySync()[user])
      expect(levels[0].map((c, n) => [c, levels[1][n]])).toEqual(best.map(({ code }) => code))
      for (const [n, { log }] of best.entries()) {
        expect(found.logProbabilities.arraySync()[user][n]).toBeCloseTo(log, 4)
      }
    }
    parameters.dispose()
  })

  it('scores what its beam finds as it scores given codes, three levels deep', () => {
    const { generator, start, parameters } = generatorOf(3, [5, 4, 6])
    const { codes, logProbabilities } = generator.search(start, 3)
    for (let beam = 0; beam < 3; beam++) {
      const own = codes.map((code) => tf.reshape(tf.slice(code, [0, beam], [-1, 1]), [2]) as tf.Tensor1D)
      const logs = generator.logProbability(start, own).arraySync()
      for (const user of [0, 1]) expect(logProbabilities.arraySync()[user][beam]).toBeCloseTo(logs[user], 4)
    }
    parameters.dispose()
  })

  it('has the gradient that finite differences give', () => {
    const { generator, parameters } = generatorOf(4, [3, 3])
    const codes = [tf.tensor1d([2, 0], 'int32'), tf.tensor1d([1, 1], 'int32')]
    checkGradient(
      (start) => tf.sum(generator.logProbability(start as tf.Tensor2D, codes)) as tf.Scalar,
      [normal<tf.Rank.R2>([2, 5], 5)],
    )
    parameters.dispose()
  })
})

describe('interests of the history', () => {
  /** The same in loops, for one user: codes of items, oldest first. */
  function inLoops(items: number[][], wanted: number): number[][] {
    const distinct = [...new Map(items.map((codes) => [codes.join(), codes])).values()]
    const count = (codes: number[]) => items.filter((own) => own.join() === codes.join()).length
    const last = (codes: number[]) => items.findLastIndex((own) => own.join() === codes.join())
    const ranked = distinct.sort((a, b) => count(b) - count(a) || last(b) - last(a))
    return Array.from({ length: wanted }, (_, k) => ranked[k] ?? ranked[0])
  }

  it('are what most of its items carry, the latest first among equals, and the first again where there are too few', () => {
    const draw = random(11)
    const length = 6
    const users = Array.from({ length: 20 }, () => {
      return Array.from({ length: 1 + draw.int(length) }, () => [draw.int(3), draw.int(2)])
    })
    // The padding carries codes too, which must not count.
    const padded = users.map((items) => [...Array.from({ length: length - items.length }, () => [0, 0]), ...items])
    const padding = users.map(({ length: own }) => [Array.from({ length }, (_, t) => (t < length - own ? -1e9 : 0))])
    const codes = [0, 1].map((level) =>
      tf.tensor2d(
        padded.map((row) => row.map((c) => c[level])),
        [20, length],
        'int32',
      ),
    )
    const found = interestsOfHistory(codes, tf.tensor3d(padding), 4).map((level) => level.arraySync())
    for (const [u, items] of users.entries()) {
      expect(found[0][u].map((code, k) => [code, found[1][u][k]])).toEqual(inLoops(items, 4))
    }
  })

  it('are all that a model serves with `source: history`, and not with `generated`', async () => {
    const world = smallWorld()
    const serve = async (source: 'history' | 'generated') => {
      const model = gemirec({ ...tiny, source, warmUpSteps: 5, dictionary: { size: 8 } })
      await model.fit(world.data)
      const { codes } = readEmbeddings(await model.embedItems())
      const [carried, levels] = [codes?.data ?? [], codes?.levels ?? 1]
      const { history } = readQueries(world.queries)
      const interests = readInterests(await model.embedUsers(world.queries))
      let outside = 0
      for (let u = 0; u < 60; u++) {
        const items = history.values.slice(
          Math.max(history.offsets[u], history.offsets[u + 1] - 6),
          history.offsets[u + 1],
        )
        const own = new Set(Array.from(items, (item) => carried[item * levels]))
        for (let c = interests.offsets[u]; c < interests.offsets[u + 1]; c++) {
          if (!own.has(interests.codes?.[c] ?? -1)) outside++
        }
      }
      model.dispose()
      return outside
    }
    expect(await serve('history')).toBe(0)
    expect(await serve('generated')).toBeGreaterThan(0)
  })
})

describe('GemiRec', () => {
  /** Largest gradient by parameter, and of the items, under one loss alone. */
  function gradients(weights: object) {
    const none = { retrieval: 0, general: 0, quantizer: 0, generation: 0 }
    const options = gemirecOptions.parse({
      ...tiny,
      warmUpSteps: 0,
      dictionary: { size: 6 },
      weights: { ...none, ...weights },
    })
    const network = gemirecNetwork(options, random(1))
    network.parameters.restore({ 'interest/codewords': new Float32Array(2 * 8 * 8).fill(0.1) })
    const table = createEmbeddingTable(120, options.dim, { random: random(2), scale: 1 })
    network.between?.({
      step: 0,
      steps: 10,
      share: 0,
      items: () => encodeItems(network, table),
      counts: new Int32Array(120),
      random: random(3),
      phase: () => undefined,
      codebook: () => undefined,
    })
    const sequences = readSequences(smallWorld().data.sequences).items
    const sampler = createSampler(sequences, { batch: 32, history: options.history, minHistory: 4, random: random(4) })
    const inputs = createInputs(table)
    const found = tf.tidy(() => {
      const input = inputs.training(
        sampler.next(),
        Int32Array.from({ length: 40 }, (_, i) => 3 * i),
        noDropout,
        1,
      )
      const { list } = network.parameters
      const xs = [input.rows, ...list.map(({ variable }) => variable)]
      const { grads } = tf.engine().gradients(() => network.loss(input).total, xs, undefined, true)
      const sizes = grads.map((grad) => (grad ? tf.max(tf.abs(grad)).dataSync()[0] : 0))
      return Object.fromEntries(['items', ...list.map(({ name }) => name)].map((name, i) => [name, sizes[i]]))
    })
    network.dispose()
    return found
  }

  it('lets its dictionary follow the items without moving them', () => {
    const found = gradients({ quantizer: 1 })
    expect(found['codewords/0']).toBeGreaterThan(0)
    expect(found['codewords/1']).toBeGreaterThan(0)
    expect(found.items).toBe(0)
  })

  it('learns to generate without moving items or dictionary', () => {
    const found = gradients({ generation: 1 })
    expect(found['generator/output/1']).toBeGreaterThan(0)
    expect(found['generator/gates']).toBeGreaterThan(0)
    expect(found.items).toBe(0)
    expect(found['codewords/0']).toBe(0)
  })

  it('learns to retrieve by moving items, and neither generator nor dictionary', () => {
    const found = gradients({ retrieval: 1 })
    expect(found.items).toBeGreaterThan(0)
    expect(found['interest/query']).toBeGreaterThan(0)
    expect(found['generator/w']).toBe(0)
    expect(found['codewords/0']).toBe(0)
  })
})
