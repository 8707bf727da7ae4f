import { expect, it } from 'vitest'
import { parseExperiment } from '../config/schema.ts'
import type { RowResult } from '../run-folder/results.ts'
import { seedNote } from './seeds.ts'
import { board } from './text.ts'

const systems = ['popularity', 'two-tower', 'sparc', 'mind']
const experiment = parseExperiment({ name: 'three', dataset: 'synthetic', systems, seeds: [1, 2] }, 'a test')
const row = (name: string, seed: number): RowResult => ({
  format: 1,
  name,
  system: name,
  seed,
  kind: 'exact',
  metrics: { filtered: {}, unfiltered: {} },
  steps: 0,
  seconds: { fit: 0, recommend: 0 },
  options: {},
  notes: [],
})
const fixed = row('popularity', 1)
const tower = [row('two-tower', 1), row('two-tower', 2)]

it('names the rows that have one seed of several, not those that no seed changes or that are still to come', () => {
  expect(seedNote(experiment, [fixed, ...tower, row('sparc', 1)])).toBe(
    'One seed of sparc: what another seed would change is not in p.',
  )
})

it('is short where all have one seed, and empty where all have several', () => {
  expect(seedNote(experiment, [fixed, tower[0], row('sparc', 1)])).toMatch(/^One seed: /)
  expect(seedNote(experiment, [fixed, ...tower, row('sparc', 1), row('sparc', 2)])).toBe('')
  expect(seedNote(experiment, [fixed])).toBe('')
})

it('does not mark a learned row best that has fewer seeds than another', () => {
  const learned = (name: string, seed: number, steps: number, value: number): RowResult => ({
    ...row(name, seed),
    steps,
    metrics: { filtered: { 'recall@50': value }, unfiltered: {} },
  })
  const rows = [
    learned('ease', 1, 0, 0.1),
    learned('sparc', 1, 9, 0.2),
    learned('sparc', 2, 9, 0.2),
    learned('mind', 1, 9, 0.3),
  ]
  const { rows: shown } = board(rows, 'filtered', 'by-user')
  expect(shown.map(({ name, cells }) => [name, cells[0].place])).toEqual([
    ['ease', 2],
    ['sparc', 1],
    ['mind, 1 seed', null],
  ])
  expect(
    board(
      rows.filter(({ seed }) => seed === 1),
      'filtered',
      'by-user',
    ).rows[2].cells[0].place,
  ).toBe(1)
})
