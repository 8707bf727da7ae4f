import { random } from '@sparc/tables'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allMetrics, metricNames } from './all-metrics.ts'
import { coOccurrenceDiversity } from './co-occurrence.ts'
import { evaluate } from './evaluate.ts'
import { listMetrics, plainLongTail, plainMean, targetMetrics } from './reference.fixture.ts'
import { anyWorld, tablesOf } from './world.fixture.ts'

const ks = [1, 3, 7, 30]

function expectClose(given: number | null, wanted: number | null, what: string) {
  if (given === null || wanted === null) expect(given, what).toBe(wanted)
  else expect(Math.abs(given - wanted), `${what}: ${given} against ${wanted}`).toBeLessThan(1e-9)
}

describe('every metric agrees to 1e-9 with its definition in plain code', () => {
  test.each(metricNames)('%s', (name) => {
    fc.assert(
      fc.property(anyWorld, (generated) => {
        const { items, train, cases, recommendations } = tablesOf(generated)
        const metrics = allMetrics(ks).filter((metric) => metric.family.name === name)
        const report = evaluate(recommendations, cases, { metrics, items, train })
        for (const k of ks) {
          const wanted = plainMean(name, k, generated.cases, generated.world)
          expectClose(report.metrics[`${name}@${k}`].mean, wanted, `${name}@${k}`)
        }
      }),
      { numRuns: 80, seed: 7 },
    )
  })

  test('case by case', () => {
    fc.assert(
      fc.property(anyWorld, (generated) => {
        const { items, train, cases, recommendations } = tablesOf(generated)
        const { perCase } = evaluate(recommendations, cases, { metrics: allMetrics(ks), items, train })
        for (const [row, given] of generated.cases.entries()) {
          for (const k of ks) {
            for (const [name, metric] of Object.entries(targetMetrics)) {
              const wanted = given.targets.length === 0 ? null : metric(given, k)
              expectClose(perCase?.getChild(`${name}@${k}`)?.get(row), wanted, `${name}@${k} of row ${row}`)
            }
            for (const [name, metric] of Object.entries(listMetrics)) {
              const wanted = given.list.length === 0 ? null : metric(given, k, generated.world)
              expectClose(perCase?.getChild(`${name}@${k}`)?.get(row), wanted, `${name}@${k} of row ${row}`)
            }
          }
        }
      }),
      { numRuns: 50, seed: 11 },
    )
  })

  test('over the long tail only', () => {
    fc.assert(
      fc.property(anyWorld, (generated) => {
        const { items, train, cases, recommendations } = tablesOf(generated)
        const report = evaluate(recommendations, cases, { metrics: allMetrics(ks), items, train })
        for (const name of Object.keys(targetMetrics)) {
          for (const k of ks) {
            const wanted = plainLongTail(name, k, generated.cases, generated.world)
            expectClose(report.slices['long-tail'].metrics[`${name}@${k}`].mean, wanted, `${name}@${k}`)
          }
        }
      }),
      { numRuns: 50, seed: 13 },
    )
  })
})

test('an interval has the mean in its middle and shrinks with the confidence', () => {
  const generated = fc.sample(anyWorld, { numRuns: 40, seed: 5 }).filter(({ cases }) => cases.length > 4)
  for (const sample of generated) {
    const { items, train, cases, recommendations } = tablesOf(sample)
    const metrics = allMetrics([5]).filter(({ name }) => name === 'recall@5')
    const wide = evaluate(recommendations, cases, { metrics, items, train, confidence: 0.99 }).metrics['recall@5']
    const narrow = evaluate(recommendations, cases, { metrics, items, train, confidence: 0.5 }).metrics['recall@5']
    if (wide.count < 2) continue
    expect((wide.low! + wide.high!) / 2).toBeCloseTo(wide.mean!, 12)
    expect(wide.high! - wide.low!).toBeGreaterThanOrEqual(narrow.high! - narrow.low!)
  }
})

test('popular items, whose common users are looked up, agree too', () => {
  const draw = random(3)
  const size = 12
  const train = Array.from({ length: 120 }, () => Array.from({ length: 6 }, () => Math.floor(size * draw.next() ** 2)))
  const lists = Array.from({ length: 20 }, () => draw.shuffle(Array.from({ length: size }, (_, item) => item)))
  const world = { size, categories: Array.from({ length: size }, () => []), train }
  const cases = lists.map((list) => ({ list, targets: [0], history: [] }))
  const tables = tablesOf({ world, cases })
  const metrics = [coOccurrenceDiversity(5), coOccurrenceDiversity(12)]
  const report = evaluate(tables.recommendations, tables.cases, { metrics, items: tables.items, train: tables.train })
  const popular = Array.from({ length: size }, (_, item) => train.filter((row) => row.includes(item)).length)
  expect(popular.some((count) => count >= 32) && popular.some((count) => count < 32)).toBe(true)
  for (const k of [5, 12]) {
    const name = `coOccurrenceDiversity@${k}`
    expectClose(report.metrics[name].mean, plainMean('coOccurrenceDiversity', k, cases, world), name)
  }
})
