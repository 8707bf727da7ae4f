import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { metricsCsv } from '../report/metrics-csv.ts'
import { temporary } from '../temporary.fixture.ts'
import { exportedRuns, writeEvidence } from './exported-runs.ts'
import { notAsked, verdicts } from './judge.ts'
import { madeUpRun } from './made-up-run.fixture.ts'
import type { Evidence } from './measure-claim.ts'

const measured: Evidence = {
  claim: 'a claim',
  text: 'recall@50 .2 against .1 of ease',
  p: 0.01,
  holds: true,
  short: '',
  seeds: Number.POSITIVE_INFINITY,
  passedOver: ['mind with .3 on 1 seed (made-up)'],
  run: 'one',
  users: 'f00d f00d 7',
}
const lacking: Evidence = { claim: 'another claim', lack: 'needs a synthetic world' }

/** An exported run of an experiment of this name. */
async function exported(to: string, name: string, evidence?: Evidence[]): Promise<string> {
  const folder = join(to, name)
  mkdirSync(folder, { recursive: true })
  const rows = [
    { name: 'sparc', seed: 1, values: { 'recall@50': 0.2 } },
    { name: 'lists', system: 'a,b.arrow', seed: 12, kind: 'given' as const },
  ]
  const { run, rows: results } = await madeUpRun(rows, { name })
  writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
  writeFileSync(join(folder, 'metrics.csv'), metricsCsv(results))
  if (evidence) await writeEvidence(folder, evidence)
  return folder
}

it('knows the rows of what was exported, and what they said of the claims', async () => {
  const to = temporary()
  await exported(to, 'one', [measured, lacking])
  await exported(to, 'two')
  mkdirSync(join(to, 'something-else'))
  const found = await exportedRuns(to, [])
  expect(found.map(({ run }) => run.experiment.name)).toEqual(['one', 'two'])
  expect(found.map(({ evidence }) => evidence)).toEqual([[measured, lacking], []])
  expect(found[0].rows).toEqual([
    { name: 'sparc', seed: 1 },
    { name: 'lists', seed: 12 },
  ])
  expect((await exportedRuns(to, ['one'])).map(({ run }) => run.experiment.name)).toEqual(['two'])
  expect(await exportedRuns(join(to, 'not-there'), [])).toEqual([])
})

it('of a claim that is newer than an export: that it was not asked, where the row is there', async () => {
  const to = temporary()
  await exported(to, 'one', [measured])
  const [run] = await exportedRuns(to, [])
  const asks = (claim: string, row: string) => ({
    claim,
    source: 'a test',
    test: { kind: 'users', row, than: { bestOf: 'all' }, metric: 'recall@50' } as const,
  })
  const claims = [asks('a claim', 'sparc'), asks('a newer claim', 'sparc'), asks('of another row', 'mind')]
  const found = notAsked(claims, run)
  expect(found).toEqual([{ claim: 'a newer claim', lack: 'one was exported before this was asked' }])
  const other = { claim: 'a newer claim', lack: 'no run has the row sparc' }
  const [, newer] = verdicts(claims, [other, ...found], 'nothing')
  expect([newer.verdict, newer.why]).toEqual(['not testable here', 'one was exported before this was asked'])
})

it('says which exported run is damaged', async () => {
  const to = temporary()
  const folder = await exported(to, 'one', [measured])
  writeFileSync(join(folder, 'claims.json'), JSON.stringify({ format: 1, claims: [{ claim: 'a claim', p: 'small' }] }))
  await expect(exportedRuns(to, [])).rejects.toThrow(/can not be read.*one.*claims\.json.*Remove that folder/s)
  writeFileSync(join(folder, 'run.json'), '{')
  await expect(exportedRuns(to, [])).rejects.toThrow(/run\.json or metrics\.csv/)
})
