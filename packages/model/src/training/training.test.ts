import { csr, encodeTable, makeSequences, random, readSequences } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import { adamStep } from './adam.ts'
import { createDropout } from './dropout.ts'
import { listQuality } from './list-quality.ts'
import { createLocator } from './locator.ts'
import { clipScale, createParameters } from './parameters.ts'
import { createSampler } from './sampler.ts'
import { learningRateAt } from './schedule.ts'

beforeAll(ready)

describe('optimiser', () => {
  it('a table updated densely moves as Adam of TensorFlow does', () => {
    const table = createEmbeddingTable(2, 3, { random: random(1) })
    const variable = tf.variable(tf.tensor2d(table.values.slice(), [2, 3]))
    const peer = tf.train.adam(0.1, 0.9, 0.999, 1e-8)
    for (let step = 1; step <= 5; step++) {
      const gradient = Float32Array.from({ length: 6 }, (_, i) => Math.sin(step * (i + 1)))
      table.update(Int32Array.of(0, 1), 2, gradient, adamStep(step, 0.1))
      peer.applyGradients([{ name: variable.name, tensor: tf.tensor2d(gradient, [2, 3]) }])
    }
    const expected = variable.dataSync()
    for (let i = 0; i < 6; i++) expect(table.values[i]).toBeCloseTo(expected[i], 4)
    variable.dispose()
    peer.dispose()
  })

  it('a table updates the named rows only, and never the padding row', () => {
    const table = createEmbeddingTable(4, 2, { random: random(1) })
    const before = table.values.slice()
    const gradient = Float32Array.of(9, 9, 1, -1)
    table.update(Int32Array.of(-1, 2), 2, gradient, adamStep(1, 0.1))
    for (const i of [0, 1, 2, 3, 6, 7]) expect(table.values[i]).toBe(before[i])
    expect(table.values[4]).toBeCloseTo(before[4] - 0.1, 5)
    expect(table.values[5]).toBeCloseTo(before[5] + 0.1, 5)
    const rows = new Float32Array(4).fill(7)
    table.gather(Int32Array.of(-1, 2), 2, rows)
    expect(Array.from(rows)).toEqual([0, 0, table.values[4], table.values[5]])
  })

  it('parameters leave what has no gradient alone, restore by name, and refuse other shapes', () => {
    const parameters = createParameters(random(1))
    const w = parameters.add('w', [2, 2], 'identity')
    parameters.add('b', [2], 'zeros')
    const kept = { w: parameters.values().w.slice() }
    parameters.update([Float32Array.of(1, 1, 1, 1), undefined], adamStep(1, 0.1))
    expect(w.dataSync()[0]).toBeCloseTo(0.9, 5)
    expect(Array.from(parameters.values().b)).toEqual([0, 0])
    parameters.restore(kept)
    expect(Array.from(w.dataSync())).toEqual([1, 0, 0, 1])
    expect(() => parameters.restore({ w: new Float32Array(3) })).toThrow(/another shape/)
    expect(() => parameters.restore({ x: new Float32Array(3) })).toThrow(/no such parameter/)
    parameters.dispose()
  })

  it('clips by the norm of all gradients together', () => {
    const gradients = [Float32Array.of(3), undefined, Float32Array.of(4)]
    expect(clipScale(gradients, 1)).toBeCloseTo(0.2)
    expect(clipScale(gradients, 10)).toBe(1)
    expect(clipScale(gradients, undefined)).toBe(1)
  })

  it('the learning rate warms up, holds, and falls to its end', () => {
    const schedule = { learningRate: 1, finalLearningRate: 0.1, warmUp: 4, decayFrom: 0.5 }
    expect(learningRateAt(schedule, 1, 0.01)).toBeCloseTo(0.2)
    expect(learningRateAt(schedule, 5, 0.05)).toBe(1)
    expect(learningRateAt(schedule, 75, 0.75)).toBeCloseTo(0.55)
    expect(learningRateAt(schedule, 100, 1)).toBeCloseTo(0.1)
  })
})

describe('batches', () => {
  const sequences = csr([[1, 2, 3, 4, 5, 6, 7], [9], [8, 9], []])

  it.each([3, 4])(
    'targets come from position min(%d, n - 1) on, and the history is what stands before, most recent last',
    (minHistory) => {
      const sampler = createSampler(sequences, { batch: 64, history: 3, minHistory, random: random(3) })
      expect(sampler.skipped).toBe(2)
      const seen = new Set<number>()
      for (let n = 0; n < 20; n++) {
        const { histories, users, targets } = sampler.next()
        for (let r = 0; r < 64; r++) {
          const row = Array.from(histories.items.subarray(3 * r, 3 * r + 3))
          if (users[r] === 0) {
            expect(row).toEqual([targets[r] - 3, targets[r] - 2, targets[r] - 1])
            seen.add(targets[r])
          } else {
            expect([users[r], targets[r], row]).toEqual([2, 9, [-1, -1, 8]])
          }
        }
      }
      expect([...seen].sort()).toEqual([4, 5, 6, 7].slice(minHistory - 3))
    },
  )

  it('too little data is an error that says so', () => {
    const nothing = csr([[1], []])
    expect(() => createSampler(nothing, { batch: 1, history: 3, minHistory: 4, random: random(3) })).toThrow(
      /nothing to learn/,
    )
  })

  it('the locator numbers distinct items once, and forgets the batch before', () => {
    const locator = createLocator(10)
    for (const items of [Int32Array.of(7, -1, 3, 7), Int32Array.of(3, 9)]) {
      locator.begin()
      const local = new Int32Array(items.length)
      locator.locate(items, local)
      expect(Array.from(local, (row) => locator.rows[row])).toEqual(Array.from(items))
      expect(locator.count).toBe(1 + new Set(items).size - (items.includes(-1) ? 1 : 0))
    }
  })

  it('the locator takes more items than it began with', () => {
    const locator = createLocator(20_000)
    const items = Int32Array.from({ length: 20_000 }, (_, i) => i)
    const local = new Int32Array(20_000)
    locator.begin()
    locator.locate(items.subarray(0, 10), local.subarray(0, 10))
    locator.locate(items, local)
    expect(Array.from(local, (row) => locator.rows[row])).toEqual(Array.from(items))
  })

  it('dropout zeroes the share asked for, keeps the mean, and is the same for the same seed', () => {
    const draws = [1, 1, 2].map((seed) => {
      const { dropout, dispose } = createDropout(random(seed), random(seed))
      const values = Array.from(tf.tidy(() => dropout(tf.ones([100, 100]), 0.25).dataSync()))
      dispose()
      return values
    })
    const zeros = draws[0].filter((x) => x === 0).length / 10_000
    expect(Math.abs(zeros - 0.25)).toBeLessThan(0.02)
    expect(Math.max(...draws[0])).toBeCloseTo(1 / 0.75)
    expect(draws[0]).toEqual(draws[1])
    expect(draws[0]).not.toEqual(draws[2])
  })
})

describe('how good lists are', () => {
  const lists = csr([[1, 2, 3], [4], [5]])
  const targets = csr([[3, 9, 3], [], [5]])

  it('recall is the share of distinct targets found, over users that have any', () => {
    expect(listQuality(lists, targets, 3).recall).toBeCloseTo((0.5 + 1) / 2, 12)
  })

  it('NDCG counts what is found by its rank, beside all targets in front', () => {
    const first = 1 / Math.log2(4) / (1 + 1 / Math.log2(3))
    expect(listQuality(lists, targets, 3).ndcg).toBeCloseTo((first + 1) / 2, 12)
    // No list of one item can hold both.
    expect(listQuality(csr([[9]]), csr([[3, 9]]), 1)).toEqual({ recall: 0.5, ndcg: 1 })
    expect(listQuality(csr([[1]]), csr([[]]), 1)).toEqual({ recall: 0, ndcg: 0 })
  })
})

it('the sampler draws from the memory of the Arrow table itself, also of a file that was read', async () => {
  const made = makeSequences({
    users: ['a', 'b'],
    items: csr([
      [1, 2, 3],
      [4, 5],
    ]),
  })
  for (const table of [made, tableFromIPC(await encodeTable(made))]) {
    const column = table.getChild('items')?.data[0].children[0].values as Int32Array
    const { items } = readSequences(table)
    expect(items.values.buffer).toBe(column.buffer)
    const sampler = createSampler(items, { batch: 8, history: 3, minHistory: 1, random: random(1) })
    const before = sampler.next().targets.slice()
    expect(Math.max(...before)).toBeLessThan(6)
    // Nothing was copied: another item under its hands is the next one drawn.
    items.values.fill(77)
    expect([...sampler.next().targets]).toEqual(new Array(8).fill(77))
  }
})
