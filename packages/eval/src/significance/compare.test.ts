import { csr, makeCases, makeRecommendations, makeSequences, random } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../error-code.fixture.ts'
import { recall } from '../metrics/accuracy.ts'
import { evaluate } from '../metrics/evaluate.ts'
import { coverage } from '../metrics/exposure.ts'
import type { Report } from '../metrics/report.ts'
import { caseScores, compare } from './compare.ts'
import { pairedBootstrap } from './paired-bootstrap.ts'
import { pairedT } from './paired-t.ts'

const users = Array.from({ length: 300 }, (_, row) => `u${row}`)
const cases = makeCases({
  users,
  history: csr(users.map((_, row) => [row % 7])),
  targets: csr(users.map((_, row) => [row % 20])),
})
const train = makeSequences({ users: ['x'], items: csr([[0, 1, 2, 3]]) })

/** A system that puts the target first with a probability. */
function system(skill: number, seed: number): Report {
  const draw = random(seed)
  const items = csr(users.map((_, row) => [draw.next() < skill ? row % 20 : 20]))
  const found = makeRecommendations({ users, items, scores: new Float32Array(items.values.length) })
  return evaluate(found, cases, { metrics: [recall(1), coverage(1)], items: 21, train })
}

const good = system(0.5, 1)
const poor = system(0.2, 2)
const same = system(0.2, 3)

describe('comparing systems', () => {
  test('finds the difference that is there, and none where there is none', () => {
    const claims = compare({ good, poor, same }, { against: 'poor', metrics: ['recall@1'], resamples: 2000 })
    expect(claims.map(({ system, significant }) => [system, significant])).toEqual([
      ['good', true],
      ['same', false],
    ])
    const [claim] = claims
    expect(claim.difference).toBeCloseTo(good.metrics['recall@1'].mean! - poor.metrics['recall@1'].mean!, 12)
    expect(claim.relative).toBeCloseTo(claim.difference / poor.metrics['recall@1'].mean!, 12)
    expect(claim.low).toBeLessThan(claim.difference)
    expect(claim.high).toBeGreaterThan(claim.difference)
    expect(claim.adjusted).toBeGreaterThanOrEqual(claim.p)
  })

  test('corrects over all claims of the call', () => {
    const alone = compare({ same, poor }, { against: 'poor', metrics: ['recall@1'], method: 't' })
    const metrics = ['recall@1', 'long-tail/recall@1', 'history<=4/recall@1']
    const together = compare({ same, poor }, { against: 'poor', metrics, method: 't' })
    expect(together[0].p).toBe(alone[0].p)
    expect(together[0].adjusted).toBeGreaterThan(alone[0].adjusted)
  })

  test('takes slices of targets and of cases', () => {
    const tail = caseScores(good, 'long-tail/recall@1')
    expect(tail.length).toBe(users.length)
    expect(tail.filter((value) => !Number.isNaN(value)).length).toBe(good.slices['long-tail'].cases)
    const short = caseScores(good, 'cold-users/recall@1')
    expect(short.every((value) => Number.isNaN(value))).toBe(true)
  })

  test('several reports of a system are its seeds', () => {
    const seeds = [1, 4, 5].map((seed) => system(0.5, seed))
    const [claim] = compare({ seeds, poor }, { against: 'poor', metrics: ['recall@1'], method: 't' })
    const means = seeds.map((report) => report.metrics['recall@1'].mean!)
    const wanted = (means[0] + means[1] + means[2]) / 3 - poor.metrics['recall@1'].mean!
    expect(claim.difference).toBeCloseTo(wanted, 12)
    expect(claim.significant).toBe(true)
  })

  test('keeps the seeds of systems that are the same models in pairs, and those of no other', () => {
    const exact = [0.2, 0.5, 0.8].map((skill) => system(skill, 1))
    const shards = [0.19, 0.49, 0.79].map((skill) => system(skill, 1))
    const given = { exact, shards, other: shards }
    for (const method of ['t', 'bootstrap'] as const) {
      const options = { against: 'exact', metrics: ['recall@1'], method, pairedSeeds: ['shards'] }
      const [inPairs, apart] = compare(given, options)
      expect(inPairs.system).toBe('shards')
      expect(inPairs.difference).toBe(apart.difference)
      expect(inPairs.high - inPairs.low).toBeLessThan(0.2 * (apart.high - apart.low))
      expect(inPairs.p).toBeLessThan(apart.p)
    }
    const wrong = (pairedSeeds: string[], systems: typeof given = given) =>
      codeOf(() => compare(systems, { against: 'exact', metrics: ['recall@1'], pairedSeeds }))
    expect(wrong(['shard'])).toBe('UNKNOWN_SYSTEM')
    expect(wrong(['exact'])).toBe('UNKNOWN_SYSTEM')
    expect(wrong(['shards'], { ...given, shards: shards.slice(1) })).toBe('SEEDS_DIFFER')
  })

  test.each([
    [
      'a system that is not there',
      { against: 'pooor', metrics: ['recall@1'] },
      'UNKNOWN_SYSTEM',
      'Did you mean "poor"?',
    ],
    ['a metric that is not there', { against: 'poor', metrics: ['recall@2'] }, 'UNKNOWN_METRIC', 'recall@1'],
    ['a metric of all cases together', { against: 'poor', metrics: ['coverage@1'] }, 'UNKNOWN_METRIC', 'all cases'],
  ])('refuses %s', (_, options, code, message) => {
    expect(() => compare({ good, poor }, options)).toThrow(message)
    expect(codeOf(() => compare({ good, poor }, options))).toBe(code)
  })

  test('refuses reports of other cases, or without values for each case', () => {
    const others = users.map((user) => `other ${user}`)
    const elsewhere = evaluate(
      makeRecommendations({
        users: others,
        items: csr(others.map(() => [0])),
        scores: new Float32Array(others.length),
      }),
      makeCases({ users: others, history: csr(others.map(() => [])), targets: csr(others.map(() => [0])) }),
      { metrics: [recall(1)], items: 21 },
    )
    const options = { against: 'poor', metrics: ['recall@1'] }
    expect(codeOf(() => compare({ elsewhere, poor }, options))).toBe('CASES_DIFFER')
    const { perCase: _, ...means } = good
    expect(codeOf(() => compare({ means, poor }, options))).toBe('MISSING_PER_CASE')
  })
})

describe('paired tests', () => {
  const a = Float64Array.of(0.5, 0.25, 1, 0, Number.NaN)
  const b = Float64Array.of(0.25, 0, 1, 0.5, 1)

  test('leave out what is not defined for both', () => {
    expect(pairedT(a, b).count).toBe(4)
    expect(pairedT(a, b).difference).toBe(0)
    expect(pairedT(a, b).p).toBe(1)
  })

  test('of a system with itself find nothing', () => {
    expect(pairedT(a, a)).toMatchObject({ difference: 0, p: 1, effect: 0 })
    expect(pairedBootstrap(a, a, { resamples: 100 })).toMatchObject({ difference: 0, low: 0, high: 0, p: 1, effect: 0 })
  })

  test('the bootstrap is the same for the same seed, and another for another', () => {
    const options = { resamples: 500, seed: 4 }
    expect(pairedBootstrap(a, b, options)).toEqual(pairedBootstrap(a, b, options))
    const x = Float64Array.from({ length: 50 }, (_, i) => Math.sin(i))
    const y = new Float64Array(50)
    expect(pairedBootstrap(x, y, { seed: 1 }).low).not.toBe(pairedBootstrap(x, y, { seed: 2 }).low)
  })

  test('are wider where seeds of a system disagree', () => {
    const draw = random(9)
    const base = Float64Array.from({ length: 100 }, () => draw.next())
    const shifted = (by: number) => base.map((value) => value + by + 0.1 * draw.normal())
    const apart = [shifted(0), shifted(0.2), shifted(0.4)]
    const alike = [shifted(0.2), shifted(0.2), shifted(0.2)]
    const zero = new Float64Array(100)
    for (const test of [pairedT, pairedBootstrap]) {
      const [wide, narrow] = [test(apart, zero), test(alike, zero)]
      expect(wide.high - wide.low).toBeGreaterThan(1.5 * (narrow.high - narrow.low))
    }
  })

  const draw = random(31)
  const user = Float64Array.from({ length: 400 }, () => draw.normal())
  /** Three models that differ much in their mean, and the same three asked in a way that costs each of them a little. */
  const models = [-0.3, 0.1, 0.35].map((by) => user.map((value) => value + by))
  const asked = models.map((scores) => scores.map((value) => value - 0.02 + 0.1 * draw.normal()))

  test('keep the seeds of one trained model in pairs, so that what a seed does to both cancels', () => {
    for (const test of [pairedT, pairedBootstrap]) {
      const [apart, inPairs] = [test(models, asked), test(models, asked, { pairedSeeds: true })]
      expect(apart.p).toBeGreaterThan(0.5)
      expect(inPairs.p).toBeLessThan(0.01)
      expect(inPairs.difference).toBeCloseTo(apart.difference, 12)
      expect(inPairs.high - inPairs.low).toBeLessThan(0.1 * (apart.high - apart.low))
    }
  })

  test('of one seed are the same with seeds in pairs', () => {
    for (const test of [pairedT, pairedBootstrap]) expect(test(a, b, { pairedSeeds: true })).toEqual(test(a, b))
  })

  test('want as many seeds on both sides to pair them', () => {
    for (const test of [pairedT, pairedBootstrap]) {
      expect(codeOf(() => test(models, asked.slice(1), { pairedSeeds: true }))).toBe('SEEDS_DIFFER')
    }
  })

  test('have an interval with 0 in it just where p says that there may be no difference', () => {
    for (let round = 0; round < 100; round++) {
      const shift = 0.4 * draw.normal()
      const seeds = () => [0, 1, 2].map(() => 0.1 * draw.normal())
      const scores = (by: number) => Float64Array.from({ length: 40 }, (_, row) => user[row] + by + 0.3 * draw.normal())
      const { low, high, p } = pairedBootstrap(
        seeds().map((by) => scores(shift + by)),
        seeds().map(scores),
        { resamples: 1000, seed: round },
      )
      // Around .05 the one counts two tails together and the other each alone.
      if (p < 0.04) expect(low * high).toBeGreaterThan(0)
      if (p > 0.06) expect(low * high).toBeLessThan(0)
    }
  })

  test('want the same cases, and two of them', () => {
    expect(codeOf(() => pairedT(a, b.subarray(1)))).toBe('CASES_DIFFER')
    expect(codeOf(() => pairedT([], [b]))).toBe('CASES_DIFFER')
    expect(codeOf(() => pairedT(Float64Array.of(1), Float64Array.of(2)))).toBe('TOO_FEW_CASES')
  })
})
