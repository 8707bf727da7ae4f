import { readFileSync } from 'node:fs'
import { random } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { holm } from './holm.ts'
import { pairedBootstrap } from './paired-bootstrap.ts'
import { pairedT } from './paired-t.ts'
import { chiSquareDraw, studentP, studentQuantile } from './student.ts'

interface Reference {
  pairs: {
    a: number[]
    b: number[]
    t: number
    p: number
    low: number
    high: number
    effect: number
    bootstrapLow: number
    bootstrapHigh: number
  }[]
  student: { t: number; freedom: number; p: number }[]
  quantiles: { confidence: number; freedom: number; t: number }[]
  holm: { ps: number[]; adjusted: number[] }[]
}

// Written by tools/peers/significance_reference.py, which says how.
const path = new URL('./significance-reference.fixture.json', import.meta.url)
const reference: Reference = JSON.parse(readFileSync(path, 'utf8'))

function expectRelative(given: number, wanted: number, tolerance = 1e-9) {
  expect(Math.abs(given - wanted), `${given} against ${wanted}`).toBeLessThanOrEqual(
    tolerance * Math.abs(wanted) + 1e-300,
  )
}

describe('values of SciPy and statsmodels', () => {
  test.each(reference.student)('p of t = $t with $freedom degrees of freedom', ({ t, freedom, p }) => {
    expectRelative(studentP(t, freedom), p)
  })

  test.each(reference.quantiles)('t of $confidence with $freedom degrees of freedom', ({ confidence, freedom, t }) => {
    expectRelative(studentQuantile(confidence, freedom), t)
  })

  test.each(reference.pairs)('paired t: p = $p', ({ a, b, t, p, low, high, effect }) => {
    const given = pairedT(Float64Array.from(a), Float64Array.from(b))
    expectRelative(given.t, t)
    expectRelative(given.p, p)
    expectRelative(given.low, low)
    expectRelative(given.high, high)
    expectRelative(given.effect, effect)
    expect(given.count).toBe(a.length)
  })

  test.each(reference.pairs.filter(({ a }) => a.length >= 30))(
    'paired bootstrap: interval from $bootstrapLow to $bootstrapHigh',
    ({ a, b, bootstrapLow, bootstrapHigh }) => {
      const given = pairedBootstrap(Float64Array.from(a), Float64Array.from(b), { resamples: 10_000, seed: 1 })
      const width = bootstrapHigh - bootstrapLow
      expect(Math.abs(given.low - bootstrapLow)).toBeLessThan(0.03 * width)
      expect(Math.abs(given.high - bootstrapHigh)).toBeLessThan(0.03 * width)
    },
  )

  test.each(reference.holm)('Holm of $ps', ({ ps, adjusted }) => {
    const given = holm(ps)
    for (const [i, wanted] of adjusted.entries()) expect(given[i]).toBeCloseTo(wanted, 12)
  })
})

test.each([1, 2, 2.7, 4, 40, 2000])(
  'normal draws over the root of chi-square draws by %d have the tails of t',
  (freedom) => {
    const source = random(5)
    const draws = Float64Array.from(
      { length: 20_000 },
      () => source.normal() / Math.sqrt(chiSquareDraw(source, freedom) / freedom),
    )
    for (const [confidence, slack] of [
      [0.5, 0.015],
      [0.95, 0.007],
      [0.999, 0.001],
    ]) {
      const quantile = studentQuantile(confidence, freedom)
      const share = draws.filter((draw) => Math.abs(draw) > quantile).length / draws.length
      expect(Math.abs(share - (1 - confidence)), `beyond ${quantile}`).toBeLessThan(slack)
    }
    expect(Math.abs(draws.filter((draw) => draw > 0).length / draws.length - 0.5)).toBeLessThan(0.015)
  },
)
