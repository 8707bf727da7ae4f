import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { aliasTable, createNegatives, NEGATIVES, negativeOptions } from './negatives.ts'

const counts = Int32Array.from({ length: 20 }, (_, i) => 1 + ((i * 7) % 20))

describe('negatives', () => {
  it('an alias table draws in proportion to its weights', () => {
    const draw = aliasTable(Float64Array.of(1, 0, 3, 6), random(1))
    const seen = [0, 0, 0, 0]
    for (let i = 0; i < 20_000; i++) seen[draw()]++
    expect(seen[1]).toBe(0)
    for (const [i, share] of [0.1, 0, 0.3, 0.6].entries())
      expect(Math.abs(seen[i] / 20_000 - share)).toBeLessThan(0.015)
  })

  it.each(NEGATIVES)('%s: how often items are drawn is what log Q says', (kind) => {
    const options = negativeOptions.parse({ kind, count: 50 })
    const batch = 30
    const source = random(2)
    const sampler = createNegatives(options, counts, batch, source)
    const sum = counts.reduce((a, b) => a + b, 0)
    const drawTarget = aliasTable(Float64Array.from(counts), source)
    const drawn = new Int32Array(sampler.size)
    const seen = new Float64Array(20)
    const rounds = 3000
    for (let n = 0; n < rounds; n++) {
      sampler.draw(Int32Array.from({ length: batch }, drawTarget), drawn)
      for (const item of drawn) seen[item]++
    }
    expect(sum).toBeGreaterThan(0)
    for (let item = 0; item < 20; item++) {
      const expected = sampler.logQ ? Math.exp(sampler.logQ(item)) : options.count / 20
      expect(Math.abs(seen[item] / rounds / expected - 1)).toBeLessThan(0.08)
    }
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
