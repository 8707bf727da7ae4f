import { type Random, random } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { holm } from './holm.ts'
import { pairedBootstrap } from './paired-bootstrap.ts'
import type { SeedScores } from './paired-scores.ts'
import { pairedT } from './paired-t.ts'

const simulations = 2_000

/** Recall of two systems that are equally good: mostly 0, skewed, and alike for the same user. */
function equallyGood(draw: Random, cases: number): [Float64Array, Float64Array] {
  const a = new Float64Array(cases)
  const b = new Float64Array(cases)
  for (let row = 0; row < cases; row++) {
    const chance = draw.next() ** 3
    const targets = 1 + draw.int(4)
    a[row] = hits(draw, targets, chance) / targets
    b[row] = hits(draw, targets, chance) / targets
  }
  return [a, b]
}

function hits(draw: Random, targets: number, chance: number): number {
  let found = 0
  for (let t = 0; t < targets; t++) if (draw.next() < chance) found++
  return found
}

/** Scores of several seeds of a system: users, seeds and the two together each add their own noise. */
function seeded(draw: Random, users: Float64Array, seeds: number, spread: number): SeedScores {
  return Array.from({ length: seeds }, () => {
    const seedEffect = spread * draw.normal()
    return users.map((user) => user + seedEffect + 0.2 * draw.normal())
  })
}

/**
 * Two equally good systems whose users disagree about which is better, so that the mean difference has an error of its own;
 * seeds move the mean of either by `times` that.
 */
function trained(draw: Random, cases: number, seeds: number, times: number): [SeedScores, SeedScores] {
  const spread = (times * 0.3 * Math.SQRT2) / Math.sqrt(cases)
  const users = Float64Array.from({ length: cases }, () => draw.normal())
  const one = () =>
    seeded(
      draw,
      users.map((user) => user + 0.3 * draw.normal()),
      seeds,
      spread,
    )
  return [one(), one()]
}

function rate(significant: (draw: Random, round: number) => boolean, rounds = simulations): number {
  const draw = random(2026)
  let found = 0
  for (let round = 0; round < rounds; round++) if (significant(draw, round)) found++
  return found / rounds
}

function expectHonest(falsePositives: number) {
  expect(falsePositives).toBeGreaterThanOrEqual(0.035)
  expect(falsePositives).toBeLessThanOrEqual(0.065)
}

describe('where there is no difference, a test at .05 finds one in 3.5 to 6.5 % of 2,000 simulations', () => {
  test('paired t', () => {
    expectHonest(
      rate((draw) => {
        const [a, b] = equallyGood(draw, 200)
        return pairedT(a, b).p < 0.05
      }),
    )
  })

  test('paired bootstrap', () => {
    expectHonest(
      rate((draw, round) => {
        const [a, b] = equallyGood(draw, 120)
        return pairedBootstrap(a, b, { resamples: 200, seed: round }).p < 0.05
      }),
    )
  })

  test('paired t with five seeds of each system', () => {
    expectHonest(
      rate((draw) => {
        const users = Float64Array.from({ length: 100 }, () => draw.normal())
        return pairedT(seeded(draw, users, 5, 0.05), seeded(draw, users, 5, 0.05)).p < 0.05
      }),
    )
  })

  test('paired bootstrap with five seeds of each system', () => {
    expectHonest(
      rate((draw, round) => {
        const users = Float64Array.from({ length: 60 }, () => draw.normal())
        const [a, b] = [seeded(draw, users, 5, 0.05), seeded(draw, users, 5, 0.05)]
        return pairedBootstrap(a, b, { resamples: 200, seed: round }).p < 0.05
      }),
    )
  })

  test('paired t of five seeds against a system without chance', () => {
    expectHonest(
      rate((draw) => {
        const users = Float64Array.from({ length: 100 }, () => draw.normal())
        return pairedT(seeded(draw, users, 5, 0.05), seeded(draw, users, 1, 0)).p < 0.05
      }),
    )
  })

  test('paired t with three seeds of each system that move the mean 12.5 times as much as other users would', () => {
    expectHonest(
      rate((draw) => {
        const [a, b] = trained(draw, 40, 3, 12.5)
        return pairedT(a, b).p < 0.05
      }),
    )
  })

  test("Holm's correction keeps the chance of any false claim among eight at .05", () => {
    const any = rate((draw) => {
      const ps = Array.from({ length: 8 }, () => {
        const [a, b] = equallyGood(draw, 60)
        return pairedT(a, b).p
      })
      return holm(ps).some((p) => p < 0.05)
    })
    expect(any).toBeLessThanOrEqual(0.065)
    expect(any).toBeGreaterThan(0.02)
  })
})

describe('with few seeds of both systems the paired bootstrap claims no more than it may', () => {
  test.each([
    { seeds: 3, times: 0.5 },
    { seeds: 3, times: 2.5 },
    { seeds: 3, times: 12.5 },
    { seeds: 5, times: 12.5 },
  ])('$seeds seeds of each system that move the mean $times times as much as other users would', ({ seeds, times }) => {
    const falsePositives = rate((draw, round) => {
      const [a, b] = trained(draw, 60, seeds, times)
      return pairedBootstrap(a, b, { resamples: 200, seed: round }).p < 0.05
    }, 1000)
    expect(falsePositives).toBeLessThanOrEqual(0.065)
    expect(falsePositives).toBeGreaterThan(0.01)
  })

  test('nor at .0025, as a correction for many claims asks for', () => {
    const falsePositives = rate((draw, round) => {
      const [a, b] = trained(draw, 20, 3, 12.5)
      return pairedBootstrap(a, b, { resamples: 2000, seed: round }).p < 0.0025
    }, 1000)
    expect(falsePositives).toBeLessThanOrEqual(0.008)
  })

  test('three models asked in two ways, seed by seed', () => {
    const falsePositives = rate((draw, round) => {
      const [, models] = trained(draw, 60, 3, 12.5)
      const differences = Float64Array.from({ length: 60 }, () => 0.3 * draw.normal())
      const a = seeded(draw, differences, 3, 0.3 / Math.sqrt(60)).map((scores, s) =>
        scores.map((value, row) => value + models[s][row]),
      )
      return pairedBootstrap(a, models, { resamples: 200, seed: round, pairedSeeds: true }).p < 0.05
    }, 1000)
    expect(falsePositives).toBeLessThanOrEqual(0.065)
    expect(falsePositives).toBeGreaterThan(0.01)
  })
})

test('taking one seed for the system would find differences that are only luck', () => {
  const naive = rate((draw) => {
    const users = Float64Array.from({ length: 100 }, () => draw.normal())
    const [a, b] = [seeded(draw, users, 1, 0.05), seeded(draw, users, 1, 0.05)]
    return pairedT(a, b).p < 0.05
  })
  expect(naive).toBeGreaterThan(0.3)
})
