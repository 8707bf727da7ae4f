import { join } from 'node:path'
import { random, writeTable } from '@sparc/tables'
import { tableFromArrays } from 'apache-arrow'
import { expect, it } from 'vitest'
import { type MadeUpRow, madeUpRun } from '../ledger/made-up-run.fixture.ts'
import { folderOf } from '../ledger/scores.ts'
import { referenceOf, significance } from './significance.ts'

/** A row with a Recall@50 of each user, and one of the validation users. */
function row(name: string, level: number, validation?: number): MadeUpRow {
  const draw = random(3).fork(name)
  const users = Float64Array.from({ length: 50 }, () => level + 0.05 * draw.normal())
  return { name, seed: 1, users, best: validation === undefined ? undefined : { step: 1, k: 50, recall: validation } }
}

const [ease, mind, tower] = [row('ease', 0.9), row('mind', 0.3, 0.5), row('two-tower', 0.4, 0.4)]

it('holds the rows against the reference, and without it against the best learned one on the validation users', async () => {
  const sparc = await madeUpRun([row('sparc', 0.1, 0.1), ease, mind])
  expect(referenceOf(sparc)).toEqual({ name: 'sparc', note: '' })
  const run = await madeUpRun([ease, mind, tower])
  expect(referenceOf(run).note).toBe(
    'sparc is not among the rows: they are held against mind, the best learned one on the validation users.',
  )
  for (const [r, { users = [] }] of [ease, mind, tower].entries()) {
    const names = ['recall@50', 'ndcg@50', 'long-tail/recall@50', 'cold-users/ndcg@50']
    const table = tableFromArrays(Object.fromEntries(names.map((name) => [name, Float64Array.from(users)])))
    await writeTable(join(folderOf(run, run.rows[r]), 'users.arrow'), table)
  }
  const recall = (await significance(run)).filter(({ metric }) => metric === 'recall@50')
  expect(recall.map(({ a, b }) => `${a} ${b}`)).toEqual(['mind ease', 'mind two-tower'])
})

it('takes the best row where none is learned, and for ablations none but the reference', async () => {
  expect(referenceOf(await madeUpRun([row('popularity', 0.1), ease])).note).toMatch(
    /against ease, the best of these users/,
  )
  const systems = [{ system: 'mind', change: 'something' }, 'two-tower']
  expect(await significance(await madeUpRun([mind, tower], { systems }))).toEqual([])
})
