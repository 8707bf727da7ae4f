import { expect, it } from 'vitest'
import { parseExperiment } from '../config/schema.ts'
import type { RowResult } from '../run-folder/results.ts'
import { seedNote, seedsRun } from './seeds.ts'
import { board, codebookText, costText, indexText } from './text.ts'

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

it('names the seeds that were run, by row where they differ', () => {
  const sparc = [row('sparc', 1), row('sparc', 2)]
  expect(seedsRun(experiment, [fixed, ...tower, row('sparc', 1), row('sparc-shards', 1)])).toBe(
    '1, 2 of two-tower; 1 of sparc; no seed changes popularity',
  )
  expect(seedsRun(experiment, [fixed, ...tower, ...sparc])).toBe('1, 2; no seed changes popularity')
  expect(seedsRun(experiment, [fixed, tower[0], row('mind', 1)])).toBe('1')
  expect(seedsRun(experiment, [fixed])).toBe('one, as none changes anything')
})

it('tells the seeds of one row apart in every table that has a line for each, and leaves those with one alone', () => {
  const codebook = { levels: [{ size: 8, usage: 1, perplexity: 7, largest: 0.2 }], collisions: 0 }
  const index = [{ engine: 'exact', probes: 0, scanned: 1, recallOfExact: 1, microsecondsPerQuery: 9 }]
  const rows = [fixed, ...[1, 2].map((seed) => ({ ...row('sparc', seed), codebook, index })), row('mind', 2)]
  const firsts = (text: string) => text.split('\n').map((line) => line.split(/ {2,}|:/)[0])
  expect(firsts(costText(rows)).slice(1)).toEqual(['popularity', 'sparc, seed 1', 'sparc, seed 2', 'mind'])
  expect(firsts(indexText(rows)).slice(1)).toEqual(['sparc, seed 1', 'sparc, seed 2'])
  expect(firsts(codebookText(rows))).toEqual(['sparc, seed 1, level 1', 'sparc, seed 2, level 1'])
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
  expect(shown.map(({ label, cells }) => [label, cells[0].place])).toEqual([
    ['ease', 2],
    ['sparc', 1],
    ['mind, 1 seed', null],
  ])
  expect(board(rows, 'filtered', 'by-user').csv().split('\n')[3]).toBe('mind,1,0.3,')
  expect(
    board(
      rows.filter(({ seed }) => seed === 1),
      'filtered',
      'by-user',
    ).rows[2].cells[0].place,
  ).toBe(1)
})
