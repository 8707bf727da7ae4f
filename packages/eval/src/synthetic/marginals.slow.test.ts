import { expect, test } from 'vitest'
import { beautyWorld, makeSyntheticWorld, marginals } from './index.ts'

test("the fitted knobs reproduce Beauty's marginals within 12 %", () => {
  // Measured once on the 5-core of Amazon Beauty, 2014.
  const beauty = {
    users: 22_363,
    items: 12_101,
    interactions: 198_502,
    length: { mean: 8.876, median: 6, p90: 14, p99: 43 },
    popularity: { median: 9, p90: 34, p99: 111, maximum: 431 },
    topTenth: 0.4277,
    density: 0.00073353,
    ties: 0.4394,
  }
  const { repeats, ...made } = marginals(makeSyntheticWorld(beautyWorld))
  expect(repeats).toBe(0)
  const compare = (ours: object, theirs: object, where: string): void => {
    for (const [name, wanted] of Object.entries(theirs)) {
      const found: unknown = Reflect.get(ours, name)
      if (typeof wanted === 'object' && typeof found === 'object' && found) compare(found, wanted, name)
      else expect(Math.abs(Number(found) / wanted - 1), `${where} ${name}: ${found} for ${wanted}`).toBeLessThan(0.12)
    }
  }
  compare(made, beauty, 'Beauty')
})
