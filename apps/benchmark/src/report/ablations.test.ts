import { expect, it } from 'vitest'
import { parseExperiment } from '../config/schema.ts'
import { ablationMarkdown, ablations, isAblation } from './ablations.ts'
import type { ReportRow } from './data.ts'
import { madeUp } from './report.fixture.ts'

const experiment = parseExperiment(
  {
    name: 'parts',
    dataset: 'synthetic',
    systems: ['sparc', 'two-tower', { system: 'sparc', name: 'one-level', change: 'one level | not three' }],
  },
  'a test',
)
const { columns, rows } = madeUp.runs[0]
const row = (name: string, over: Partial<ReportRow> = {}): ReportRow => ({ ...rows[1], name, ...over })
const made = [row('sparc'), row('two-tower'), row('one-level'), row('sparc-shards', { searched: 'by shards' })]
const test = { a: 'sparc', b: 'one-level', metric: 'recall@50', difference: 0.02, low: 0.01, high: 0.04, p: 0.001 }
const table = ablations(experiment, made, [{ ...test, corrected: 0.002 }])

it('has the reference first, what changes it, and how the index searches; other systems are no ablation of it', () => {
  expect(table.map(({ name, change }) => [name, change])).toEqual([
    ['sparc', 'nothing: what the others are held against'],
    ['one-level', 'one level | not three'],
    ['sparc-shards', 'by shards'],
  ])
})

it('shows what the change does, so a row that is worse than the reference has a minus', () => {
  const lines = ablationMarkdown(table, columns).split('\n')
  expect(lines[0]).toBe('|  | what is changed | R@50 | cov@50 | R@50 by it | 95 % interval | p |')
  expect(lines[2]).toBe('| sparc | nothing: what the others are held against | .1600 ± .0010 | .9000 |  |  |  |')
  expect(lines[3]).toBe(
    '| one-level | one level \\| not three | .1600 ± .0010 | .9000 | -.0200 | -.0400 to -.0100 | .0020 |',
  )
})

it('is empty for an experiment whose rows say nothing of what they change', () => {
  const plain = { ...experiment, systems: experiment.systems.slice(0, 2) }
  expect(isAblation(plain)).toBe(false)
  expect(ablations(plain, made, [])).toEqual([])
})
