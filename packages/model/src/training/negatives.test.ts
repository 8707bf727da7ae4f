import { csr, random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { aliasTable, createNegatives, NEGATIVES, negativeOptions } from './negatives.ts'
import { countItems, createSampler } from './sampler.ts'

/** Users of very different lengths: one with most of the interactions, many short ones, and some with too few to learn from. */
const draw = random(3)
const sequences = csr([
  Array.from({ length: 300 }, () => draw.int(8)),
  ...Array.from({ length: 30 }, (_, u) => Array.from({ length: 2 + (u % 4) }, (_, t) => (u + 4 * t) % 20)),
  ...Array.from({ length: 5 }, () => [19]),
  [],
])
/** Nobody used the last two. */
const ITEMS = 22
const counts = countItems(sequences, ITEMS)
const batchesOf = (batch: number) => createSampler(sequences, { batch, history: 4, minHistory: 2, random: random(4) })

describe('negatives', () => {
  it('an alias table draws in proportion to its weights', () => {
    const draw = aliasTable(Float64Array.of(1, 0, 3, 6), random(1))
    const seen = [0, 0, 0, 0]
    for (let i = 0; i < 20_000; i++) seen[draw()]++
    expect(seen[1]).toBe(0)
    for (const [i, share] of [0.1, 0, 0.3, 0.6].entries())
      expect(Math.abs(seen[i] / 20_000 - share)).toBeLessThan(0.015)
  })

  const ways = NEGATIVES.flatMap((kind) => [
    { kind, seenOnly: false },
    { kind, seenOnly: true },
  ])
  it.each(ways)('$kind, seen only $seenOnly: how often items are drawn is what log Q says', (way) => {
    const options = negativeOptions.parse({ ...way, count: 50 })
    const batch = 30
    const batches = batchesOf(batch)
    const sampler = createNegatives(options, counts, batch, random(2))
    const logQ = sampler.logQ?.(batches)
    const drawn = new Int32Array(sampler.size)
    const seen = new Float64Array(ITEMS)
    const rounds = 4000
    for (let n = 0; n < rounds; n++) {
      sampler.draw(batches.next().targets, drawn)
      for (const item of drawn) seen[item]++
    }
    const drawable = way.seenOnly ? counts.filter((count) => count > 0).length : ITEMS
    for (let item = 0; item < ITEMS; item++) {
      if (counts[item] === 0 && (way.seenOnly || way.kind === 'in-batch')) {
        expect(seen[item]).toBe(0)
        continue
      }
      const expected = logQ ? Math.exp(logQ(item)) : options.count / drawable
      expect(Math.abs(seen[item] / rounds / expected - 1)).toBeLessThan(0.08)
    }
  })

  it('log Q of an item that is no target is finite', () => {
    const options = negativeOptions.parse({ kind: 'in-batch' })
    const sampler = createNegatives(options, new Int32Array(21), 30, random(2))
    expect(sampler.logQ?.(batchesOf(30))(20)).toBeLessThan(-20)
    expect(sampler.logQ?.(batchesOf(30))(20)).toBeGreaterThan(-100)
  })

  it('without correction there is no log Q, and in-batch negatives are the targets themselves', () => {
    const sampler = createNegatives(
      negativeOptions.parse({ kind: 'in-batch', correction: false }),
      counts,
      3,
      random(1),
    )
    const drawn = new Int32Array(sampler.size)
    sampler.draw(Int32Array.of(4, 5, 6), drawn)
    expect(Array.from(drawn)).toEqual([4, 5, 6])
    expect(sampler.logQ).toBeUndefined()
  })
})
