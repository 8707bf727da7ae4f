import { expect, it } from 'vitest'
import { madeUpRun } from '../ledger/made-up-run.fixture.ts'
import { metricsCsv } from './metrics-csv.ts'

it('has a line for each row and seed with every metric of both views, empty where there is none', async () => {
  const { rows } = await madeUpRun([
    { name: 'ease', seed: 1, values: { 'recall@50': 0.1 }, system: 'a, "b"' },
    { name: 'sparc', seed: 1, values: { 'recall@50': 1 / 3, 'long-tail/ndcg@10': 0 } },
    { name: 'sparc', seed: 2, values: { 'recall@50': 0.3 } },
  ])
  rows[2].metrics.unfiltered = { 'recall@50': 0.25 }
  rows[1].metrics.unfiltered = { 'recall@50': null }
  expect(metricsCsv(rows).split('\n')).toEqual([
    'row,system,kind,seed,filtered recall@50,filtered long-tail/ndcg@10,unfiltered recall@50',
    'ease,"a, ""b""",exact,1,0.1,,',
    `sparc,sparc,exact,1,${1 / 3},0,`,
    'sparc,sparc,exact,2,0.3,,0.25',
    '',
  ])
})
