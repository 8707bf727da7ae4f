import { random } from '@sparc/tables'
import { beforeAll, describe, expect, it } from 'vitest'
import { printed } from '../output.fixture.ts'
import { significance } from '../report/significance.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { type MadeUpRow, madeUpRun } from './made-up-run.fixture.ts'
import { modelOf, oneModel } from './one-model.ts'
import { sideOf, testUsers } from './user-test.ts'

const draw = random(4)
const users = Float64Array.from({ length: 300 }, () => draw.next())
/** Three models that differ more from each other than each from what its index finds. */
const models = [-0.1, 0.02, 0.13].map((by) => users.map((value) => value + by))
const found = models.map((scores) => scores.map((value) => value - 0.01 + 0.05 * draw.normal()))
const rows: MadeUpRow[] = [3, 5, 8].flatMap((seed, s): MadeUpRow[] => [
  { name: 'sparc', seed, users: models[s] },
  { name: 'sparc-shards', seed, system: 'sparc', kind: 'shards', users: found[s] },
  { name: 'mind', seed, users: found[s] },
])
let saved: SavedRun

beforeAll(async () => {
  saved = await madeUpRun(rows)
})

describe('rows of one trained model', () => {
  it('are a row and its shards, however these merge; not a row of another name', () => {
    const name = (given: string) => modelOf({ name: given, kind: 'shards' })
    expect([name('sparc-shards'), name('sparc-shards-max'), name('a-shards-shards')]).toEqual([
      'sparc',
      'sparc',
      'a-shards',
    ])
    expect(modelOf({ name: 'my-shards', kind: 'exact' })).toBe('my-shards')
    const of = (wanted: string) => saved.rows.filter((row) => row.name === wanted)
    expect(oneModel(of('sparc'), of('sparc-shards'))).toBe(true)
    expect(oneModel(of('sparc'), of('sparc-shards').slice(1))).toBe(false)
    expect(oneModel(of('sparc'), of('mind'))).toBe(false)
  })

  it('are the rows of another run only if they were joined from it, not trained again', () => {
    const mine = saved.rows.filter((row) => row.name === 'sparc')
    expect(oneModel(mine, structuredClone(mine))).toBe(true)
    const again = mine.map((row) => ({ ...row, seconds: { ...row.seconds, fit: row.seconds.fit + 1e-9 } }))
    expect(oneModel(mine, again)).toBe(false)
  })

  it('are tested with their seeds in pairs, so that what a seed does to both is not counted', async () => {
    const [sparc, shards, mind] = await Promise.all(
      ['sparc', 'sparc-shards', 'mind'].map((name) => sideOf(saved, name, 'recall@50')),
    )
    const turned = { rows: shards.rows.toReversed(), scores: shards.scores.toReversed() }
    expect(testUsers(sparc, shards)?.p).toBeLessThan(0.01)
    expect(testUsers(sparc, turned)).toEqual(testUsers(sparc, shards))
    expect(testUsers(sparc, mind)?.p).toBeGreaterThan(0.3)
  })

  it('are tested so in the table of a run', async () => {
    const systems = ['sparc', { system: 'mind', change: 'another system' }]
    const table = await significance(await madeUpRun(rows, { systems }))
    expect(table.map(({ b, p }) => [b, p < 0.01])).toEqual([
      ['sparc-shards', true],
      ['mind', false],
    ])
  })
})

it('says nothing where less than two users have a value', async () => {
  const [ours, theirs] = [await sideOf(saved, 'sparc', 'recall@50'), await sideOf(saved, 'mind', 'recall@50')]
  const nobody = theirs.scores.map((scores) => scores.map((value, user) => (user === 0 ? value : Number.NaN)))
  expect(testUsers(ours, { ...theirs, scores: nobody })).toBeUndefined()
})

it('compares a run with one that took its models in by pairs of seeds, and with one that trained them again apart', async () => {
  const served = rows.map((row, r) => (row.name === 'sparc' ? { ...row, users: found[Math.floor(r / 3)] } : row))
  const joined = await madeUpRun(served, {}, 'joined')
  const again = await madeUpRun(
    served.map((row) => ({ ...row, seconds: { fit: 7, recommend: 1 } })),
    {},
    'again',
  )
  const interval = async (other: SavedRun) => {
    const { output } = await printed(['compare', saved.paths.path, other.paths.path])
    const [, low, high] = /^sparc .* (\S+) to (\S+)/m.exec(output) ?? []
    return { low: Number(low), high: Number(high) }
  }
  expect((await interval(joined)).low).toBeGreaterThan(0)
  const { low, high } = await interval(again)
  expect(low).toBeLessThan(0)
  expect(high).toBeGreaterThan(0)
})
