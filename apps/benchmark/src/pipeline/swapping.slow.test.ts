import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { csr, makeRecommendations, readRecommendations, readTable, row, writeTable } from '@sparc/tables'
import { beforeAll, expect, it } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { runTiny } from './tiny.fixture.ts'

const everyItem = fileURLToPath(new URL('../../fixtures/every-item/index.js', import.meta.url))
const root = temporary()
const path = join(root, 'run')

beforeAll(async () => {
  await runTiny(path, {
    systems: ['popularity', { package: everyItem, name: 'every-item', options: { first: 'last' } }],
  })
}, 60_000)

it('a recommender of another package becomes a row', async () => {
  const { rows } = await runTiny(path, {
    systems: ['popularity', { package: everyItem, name: 'every-item', options: { first: 'last' } }],
  })
  const row = rows.find(({ name }) => name === 'every-item')
  expect(row?.metrics.filtered['coverage@50']).toBeGreaterThan(0.2)
  const { items } = readRecommendations(await readTable(join(path, 'every-item', 'recommendations.arrow')))
  expect(items.values.slice(0, 3).every((item) => item > 230)).toBe(true)
})

it('recommendations made elsewhere become a row with the same numbers, whatever the order of their users', async () => {
  const lists = readRecommendations(await readTable(join(path, 'popularity', 'recommendations-unfiltered.arrow')))
  const order = lists.users.map((_, r) => lists.users.length - 1 - r)
  const part = <T extends Int32Array | Float32Array>(values: T, r: number) =>
    Array.from(values.subarray(lists.items.offsets[r], lists.items.offsets[r + 1]))
  const offsets = Int32Array.from({ length: order.length + 1 }, (_, r) => r * 100)
  const file = join(root, 'elsewhere.arrow')
  await writeTable(
    file,
    makeRecommendations({
      users: order.map((r) => lists.users[r]),
      items: { offsets, values: Int32Array.from(order.flatMap((r) => part(lists.items.values, r))) },
      scores: Float32Array.from(order.flatMap((r) => part(lists.scores, r))),
    }),
  )
  const { rows } = await runTiny(join(root, 'given'), {
    systems: ['popularity', { recommendations: file, name: 'elsewhere' }],
  })
  const [ours, theirs] = rows
  expect(theirs).toMatchObject({ name: 'elsewhere', kind: 'given', system: 'elsewhere.arrow' })
  expect(theirs.metrics.unfiltered).toEqual(ours.metrics.unfiltered)
  expect(theirs.metrics.filtered['recall@50']).toBeCloseTo(ours.metrics.filtered['recall@50'] ?? Number.NaN, 12)
})

it('a package is found from the folder in which the command is given', async () => {
  const project = temporary()
  const at = join(project, 'node_modules', 'my-recommender')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'package.json'), '{ "name": "my-recommender", "type": "module", "exports": "./index.js" }')
  const methods = 'fit() { throw new Error("found") }, recommend() {}, save() {}, dispose() {}'
  writeFileSync(join(at, 'index.js'), `export default () => ({ name: "my-recommender", ${methods} })`)
  const before = process.cwd()
  process.chdir(project)
  try {
    const run = runTiny(join(root, 'named'), { systems: [{ package: 'my-recommender' }] })
    await expect(run).rejects.toThrow(/^found$/)
  } finally {
    process.chdir(before)
  }
})

it('says what is wrong with a package that is no recommender', async () => {
  const file = join(root, 'wrong.mjs')
  writeFileSync(file, 'export default () => ({ name: "wrong" })')
  await expect(runTiny(join(root, 'a'), { systems: [{ package: file }] })).rejects.toThrow(
    /no recommender.*something else/s,
  )
  await expect(runTiny(join(root, 'b'), { systems: [{ package: 'no-such-recommender' }] })).rejects.toThrow(
    /could not be loaded/,
  )
})

it('refuses recommendations for other users', async () => {
  const file = join(root, 'others.arrow')
  const items = { offsets: Int32Array.from([0, 1]), values: Int32Array.from([0]) }
  await writeTable(file, makeRecommendations({ users: ['nobody'], items, scores: Float32Array.from([1]) }))
  const run = runTiny(join(root, 'c'), { systems: [{ recommendations: file, name: 'others' }] })
  await expect(run).rejects.toThrow(/not for this data.*0 of 40 test users/s)
})

it('says how many lists from elsewhere are too short, and how many are missing', async () => {
  const lists = readRecommendations(await readTable(join(path, 'popularity', 'recommendations-unfiltered.arrow')))
  const users = lists.users.slice(1)
  const kept = users.map((_, r) => Array.from(row(lists.items, r + 1).subarray(0, 50)))
  const file = join(root, 'short.arrow')
  const scores = Float32Array.from(kept.flatMap((list) => list.map((_, rank) => -rank)))
  await writeTable(file, makeRecommendations({ users, items: csr(kept), scores, itemsKey: lists.itemsKey }))
  const { rows } = await runTiny(join(root, 'd'), { systems: [{ recommendations: file, name: 'short' }] })
  expect(rows[0].notes).toEqual([
    '1 test users have no list: they count as misses',
    expect.stringMatching(/^\d+ lists have fewer than 50 items once the history is out/),
  ])
  expect(Number(/^\d+/.exec(rows[0].notes[1])?.[0])).toBeGreaterThan(users.length / 2)
})
