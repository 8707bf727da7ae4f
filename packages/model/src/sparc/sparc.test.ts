import {
  csr,
  makeQueries,
  random,
  readCodebook,
  readEmbeddings,
  readInterests,
  readRecommendations,
  readSequences,
} from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import { ready } from '../gradient.fixture.ts'
import type { Network } from '../network.ts'
import { createInputs, noDropout } from '../training/inputs.ts'
import { createSampler } from '../training/sampler.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { sparcNetwork } from './network.ts'
import { sparc, sparcOptions } from './sparc.ts'

beforeAll(ready)

/** A network after its codebook has begun, a batch, and the gradient of one weighted loss for each named parameter. */
function setUp(options: object) {
  const parsed = sparcOptions.parse({ ...tiny, warmUpSteps: 0, codebook: { size: 8 }, ...options })
  const network = sparcNetwork(parsed, random(1))
  const table = createEmbeddingTable(120, parsed.dim, { random: random(2), scale: 1 })
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
  const sampler = createSampler(sequences, { batch: 32, history: parsed.history, minHistory: 4, random: random(4) })
  const negatives = Int32Array.from({ length: 40 }, (_, i) => 3 * i)
  const inputs = createInputs(table)
  /** Loss, and its gradient by the vectors of the targets. */
  const ofTargets = () =>
    tf.tidy(() => {
      const input = inputs.training(sampler.next(), negatives, noDropout, 1)
      const { value, grads } = tf.engine().gradients(() => network.loss(input).total, [input.targets], undefined, true)
      return { loss: value.dataSync()[0], gradient: Array.from(grads[0].dataSync()) }
    })
  const gradients = (): Record<string, number> =>
    tf.tidy(() => {
      const input = inputs.training(sampler.next(), negatives, noDropout, 1)
      const { list } = network.parameters
      const xs = list.map(({ variable }) => variable)
      const { grads } = tf.engine().gradients(() => network.loss(input).total, xs, undefined, true)
      const size = (grad: tf.Tensor | undefined) => (grad ? tf.max(tf.abs(grad)).dataSync()[0] : 0)
      return Object.fromEntries(list.map(({ name }, i) => [name, size(grads[i])]))
    })
  return { network, gradients, ofTargets, dispose: (n: Network = network) => n.dispose() }
}

describe('SPARC', () => {
  it('the recommendation loss alone moves the level-1 codewords', () => {
    const { gradients, dispose } = setUp({ weights: { quantizer: 0, interest: 0, general: 0 } })
    const found = gradients()
    expect(found['codewords/0']).toBeGreaterThan(1e-6)
    expect(found['codewords/1']).toBe(0)
    dispose()
  })

  it('the quantizer moves all levels, and the probability tower moves no codeword', () => {
    const quantizer = setUp({ weights: { recommendation: 0, general: 0, interest: 0 } })
    const ofQuantizer = quantizer.gradients()
    for (const level of [0, 1, 2]) expect(ofQuantizer[`codewords/${level}`]).toBeGreaterThan(0)
    expect(ofQuantizer['probability/w1']).toBe(0)
    quantizer.dispose()
    const interest = setUp({ weights: { recommendation: 0, general: 0, quantizer: 0 } })
    const ofInterest = interest.gradients()
    expect(ofInterest['probability/w1']).toBeGreaterThan(0)
    expect(ofInterest['codewords/0']).toBe(0)
    expect(ofInterest.positions).toBe(0)
    interest.dispose()
  })

  it("in the paper's form all levels are queries, so the recommendation loss reaches them all", () => {
    const weights = { quantizer: 0, interest: 0, general: 0 }
    const { gradients, dispose } = setUp({ user: 'attention', train: 'target', weights })
    const found = gradients()
    for (const level of [0, 1, 2]) expect(found[`codewords/${level}`]).toBeGreaterThan(1e-7)
    expect(found['general/w1']).toBe(0)
    dispose()
  })

  it("asks with the target's e1, with its zq, or with each for half of the batch", () => {
    const weights = { quantizer: 0, interest: 0, general: 0 }
    const deeper = (query: string) => {
      const { gradients, dispose } = setUp({ user: 'attention', train: 'target', query, weights })
      const found = gradients()
      dispose()
      expect(found['codewords/0']).toBeGreaterThan(1e-7)
      return found['codewords/1']
    }
    expect(deeper('e1')).toBe(0)
    expect(deeper('half')).toBeGreaterThan(1e-7)
    expect(deeper('zq')).toBeGreaterThan(1e-7)
  })

  it('lets the recommendation loss reach the probabilities where that is asked for', () => {
    const weights = { quantizer: 0, interest: 0, general: 0 }
    const ofTower = (mixing: string) => {
      const { gradients, dispose } = setUp({ train: 'mixture', mixing, weights })
      const found = gradients()
      dispose()
      return found['probability/w1']
    }
    expect(ofTower('stopped')).toBe(0)
    expect(ofTower('trained')).toBeGreaterThan(1e-7)
  })

  it('trains the vector nearest to the target alone', () => {
    const weights = { quantizer: 0, interest: 0, general: 0 }
    const { gradients, dispose } = setUp({ train: 'nearest', weights })
    const found = gradients()
    expect(found['codewords/0']).toBeGreaterThan(1e-7)
    expect(found['probability/w1']).toBe(0)
    dispose()
  })

  it('trains no interest from a target that the general vector is nearest to, where that competes', () => {
    const weights = { quantizer: 0, interest: 0, general: 0 }
    const moved = (options: object) => {
      const { gradients, dispose } = setUp({ train: 'nearest', interests: 1, weights, ...options })
      const found = gradients()
      dispose()
      return found['interest/gamma']
    }
    const [alone, competing] = [moved({}), moved({ generalCompetes: true })]
    // Some targets are nearer to the one, some to the other.
    expect(competing).toBeGreaterThan(0)
    expect(competing).not.toBeCloseTo(alone, 6)
  })

  it('leaves a codebook that is not joint where residual k-means put it', async () => {
    // The learning rate of the first 20 steps is the same in both, so the codebook begins in one place.
    const after = async (steps: number, joint: boolean) => {
      const model = sparc({
        ...tiny,
        warmUpSteps: 10,
        steps,
        decayFrom: 1,
        codebook: { size: 8, joint, reviveBelow: 0 },
      })
      await model.fit({ ...smallWorld().data, validation: undefined })
      const { levels } = readCodebook(await model.codebook())
      model.dispose()
      return levels.map(({ vectors }) => Array.from(vectors.data))
    }
    expect(await after(20, false)).toEqual(await after(30, false))
    expect(await after(20, true)).not.toEqual(await after(30, true))
  })

  it('each optional loss is a part of the total, and moves the codewords', () => {
    for (const name of ['shuffle', 'userItem', 'itemItem']) {
      const weights = { recommendation: 0, quantizer: 0, interest: 0, general: 0, [name]: 1 }
      const { gradients, dispose } = setUp({ train: 'target', weights })
      const found = gradients()
      // The quantized item passes its gradient straight through to the item; a query passes it to the codeword.
      if (name !== 'itemItem') expect(found['codewords/0']).toBeGreaterThan(1e-7)
      expect(found['probability/w1']).toBe(0)
      dispose()
    }
  })

  it('rotates the gradient of quantized items where asked to, and changes no loss by it', () => {
    const weights = { recommendation: 0, quantizer: 0, interest: 0, general: 0, itemItem: 1 }
    const [plain, rotated] = (['straight-through', 'rotation'] as const).map((gradient) => {
      const { ofTargets, dispose } = setUp({ weights, codebook: { size: 8, gradient } })
      const found = ofTargets()
      dispose()
      return found
    })
    expect(rotated.loss).toBeCloseTo(plain.loss, 5)
    const apart = rotated.gradient.map((value, i) => Math.abs(value - plain.gradient[i]))
    expect(Math.max(...apart)).toBeGreaterThan(0.01 * Math.max(...plain.gradient.map(Math.abs)))
  })

  it('gives its codebook as a table: codewords, and how many items carry each code', async () => {
    const model = sparc({ ...tiny, warmUpSteps: 10, codebook: { size: 8, levels: 2 } })
    await model.fit(smallWorld().data)
    const { levels } = readCodebook(await model.codebook())
    const { codes } = readEmbeddings(await model.embedItems())
    for (const [l, { vectors, counts }] of levels.entries()) {
      expect([vectors.rows, vectors.dim]).toEqual([8, 8])
      const expected = new Int32Array(8)
      for (let item = 0; item < 120; item++) expected[codes?.data[2 * item + l] ?? 0]++
      expect(counts).toEqual(expected)
    }
    model.dispose()
  })

  it('serves the general vector in front of the explored interests, which share what it leaves', async () => {
    const world = smallWorld()
    const some = { ...tiny, warmUpSteps: 10, codebook: { size: 8 }, explored: 3 }
    const [whole, interests] = [sparc({ ...some, generalShare: 0.4 }), sparc({ ...some, generalShare: 0 })]
    for (const model of [whole, interests]) await model.fit({ ...world.data, validation: undefined })
    const found = readInterests(await whole.embedUsers(world.queries))
    const without = readInterests(await interests.embedUsers(world.queries))
    const { levels } = readCodebook(await whole.codebook())
    expect(found.offsets[1]).toBe(4)
    expect(without.offsets[1]).toBe(3)
    for (const user of [0, 7]) {
      const [own, p] = [found.probabilities ?? [], without.probabilities ?? []]
      const [at, to] = [4 * user, 3 * user]
      const sum = p[to] + p[to + 1] + p[to + 2]
      expect(own[at]).toBeCloseTo(0.4, 6)
      for (let c = 0; c < 3; c++) {
        expect(own[at + 1 + c]).toBeCloseTo((0.6 * p[to + c]) / sum, 6)
        expect(found.codes?.[at + 1 + c]).toBe(without.codes?.[to + c])
      }
      expect(found.vectors.data.slice((at + 1) * 8, (at + 4) * 8)).toEqual(
        without.vectors.data.slice(to * 8, (to + 3) * 8),
      )
      // What it is: the vector that was served before there were codes, with the nearest of them.
      const general = found.vectors.data.subarray(at * 8, (at + 1) * 8)
      const alone = readInterests(await whole.embedUsers(world.queries, { interests: 1 }))
      expect(alone.vectors.data.subarray(user * 8, (user + 1) * 8)).toEqual(general)
      expect(alone.probabilities?.[user]).toBe(1)
      expect(levels[0].vectors.rows).toBeGreaterThan(found.codes?.[at] ?? 99)
    }
    for (const model of [whole, interests]) model.dispose()
  })

  it('hard search serves codes of the history alone, and any code where there is none', async () => {
    const model = sparc({ ...tiny, warmUpSteps: 10, codebook: { size: 8 }, search: 'hard', generalShare: 0 })
    const world = smallWorld()
    await model.fit(world.data)
    const items = readEmbeddings(await model.embedItems())
    const queries = makeQueries({ users: ['a', 'b'], history: csr([[3, 50], []]), itemsKey: world.itemsKey })
    const found = readInterests(await model.embedUsers(queries))
    const had = new Set([3, 50].map((item) => items.codes?.data[3 * item]))
    const p = found.probabilities ?? new Float32Array()
    const own = Array.from(p.subarray(0, found.offsets[1])).filter((p) => p > 0)
    expect(new Set(found.codes?.subarray(0, found.offsets[1]))).toEqual(had)
    expect(own.length).toBe(had.size)
    expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6)
    const ofNobody = p.subarray(found.offsets[1], found.offsets[2])
    expect(Math.min(...ofNobody)).toBeGreaterThan(0)
    model.dispose()
  })

  it.each(['nearest', 'mixture'] as const)(
    'hard search with rank %s ranks by the interests that have a probability alone; the others are copies of the likeliest',
    async (rank) => {
      const some = { ...tiny, warmUpSteps: 10, codebook: { size: 8 }, search: 'hard', rank } as const
      const world = smallWorld()
      const queries = makeQueries({ users: ['a', 'b'], history: csr([[3, 50], [7]]), itemsKey: world.itemsKey })
      for (const generalShare of [0, 0.5]) {
        const model = sparc({ ...some, generalShare })
        await model.fit({ ...world.data, validation: undefined })
        const items = readEmbeddings(await model.embedItems()).vectors.data
        const { vectors, offsets, ...found } = readInterests(await model.embedUsers(queries))
        const [p, codes] = [found.probabilities ?? [], found.codes ?? []]
        const lists = readRecommendations(await model.recommend(queries, { k: 120, excludeSeen: false }))
        for (const user of [0, 1]) {
          const places = Array.from({ length: offsets[user + 1] - offsets[user] }, (_, c) => offsets[user] + c)
          const own = places.filter((n) => p[n] > 0)
          expect(own.length).toBeLessThan(places.length)
          expect(own.reduce((sum, n) => sum + p[n], 0)).toBeCloseTo(1, 6)
          const likeliest = places[generalShare > 0 ? 1 : 0]
          const vectorOf = (n: number) => Array.from(vectors.data.subarray(8 * n, 8 * n + 8))
          for (const n of places.filter((n) => p[n] === 0)) {
            expect(codes[n]).toBe(codes[likeliest])
            for (const [d, x] of vectorOf(n).entries()) expect(x).toBeCloseTo(vectorOf(likeliest)[d], 6)
          }
          const score = (n: number, item: number) =>
            found.score.scale * vectorOf(n).reduce((sum, x, d) => sum + x * items[8 * item + d], 0)
          for (let at = lists.items.offsets[user]; at < lists.items.offsets[user + 1]; at++) {
            const scores = own.map((n) => score(n, lists.items.values[at]))
            const mixture = Math.log(scores.reduce((sum, score, c) => sum + p[own[c]] * Math.exp(score), 0))
            expect(lists.scores[at]).toBeCloseTo(rank === 'nearest' ? Math.max(...scores) : mixture, 4)
          }
        }
        model.dispose()
      }
    },
  )

  it('the control has one codeword and no choice', () => {
    const { network, gradients, dispose } = setUp({ codebook: { size: 1 } })
    expect(gradients()['interest/value']).toBeGreaterThan(0)
    const table = createEmbeddingTable(120, 8, { random: random(2) })
    const vectors = encodeItems(network, table)
    expect(new Set(network.codes?.of(vectors))).toEqual(new Set([0]))
    dispose()
  })
})
