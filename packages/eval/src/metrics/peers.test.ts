import { readFileSync } from 'node:fs'
import { csr, makeCases, makeRecommendations } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { parseMetric } from './all-metrics.ts'
import { evaluate } from './evaluate.ts'

interface Reference {
  itemCount: number
  cases: { items: number[]; targets: number[] }[]
  ranx: Record<string, number[]>
  trec: Record<string, number[]>
}

// Written by tools/peers/metrics_reference.py, which says how.
const path = new URL('./metrics-reference.fixture.json', import.meta.url)
const reference: Reference = JSON.parse(readFileSync(path, 'utf8'))

const users = reference.cases.map((_, row) => String(row))
const lists = csr(reference.cases.map(({ items }) => items))
const scores = Float32Array.from(lists.values, (_, at) => -at)
const recommendations = makeRecommendations({ users, items: lists, scores })
const targets = csr(reference.cases.map((given) => given.targets))
const cases = makeCases({ users, history: csr(users.map(() => [])), targets })

/** Both divide average precision by all targets, we by min(targets, K): they can be compared where K reaches them all. */
function comparable(metric: string, row: number): boolean {
  const [name, k] = metric.split('@')
  return name !== 'map' || Number(k) >= reference.cases[row].targets.length
}

describe.each(['ranx', 'trec'] as const)('values of %s', (peer) => {
  test.each(Object.entries(reference[peer]))('%s is the same for every case', (name, wanted) => {
    const { perCase } = evaluate(recommendations, cases, { metrics: [parseMetric(name)], items: reference.itemCount })
    const given = perCase?.getChild(name)
    let compared = 0
    for (const [row, value] of wanted.entries()) {
      if (!comparable(name, row)) continue
      expect(Math.abs(given?.get(row) - value), `${name} of case ${row}`).toBeLessThan(1e-9)
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })
})
