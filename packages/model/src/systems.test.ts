import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csr, makeQueries, makeSequences } from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from './gradient.fixture.ts'
import { createRecommender, systems } from './systems.ts'
import { twoTower } from './two-tower/two-tower.ts'
import { smallWorld, tiny } from './world.fixture.ts'

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-refuses-'))
})
afterAll(() => rm(folder, { recursive: true }))

const world = smallWorld()

describe('a learned system refuses', () => {
  it('unknown options, with a suggestion', () => {
    expect(() => createRecommender('two-tower', { temprature: 1 })).toThrow(/Did you mean "temperature"/)
    expect(() => createRecommender('comirec-sa', { interests: 0 })).toThrow(/interests/)
    expect(() => createRecommender('two-towr')).toThrow(/Did you mean "two-tower"/)
  })

  it('to be used before it has learned', async () => {
    await expect(twoTower(tiny).embedItems()).rejects.toThrow(/learned nothing yet/)
  })

  it('items that are not in the catalogue', async () => {
    const model = twoTower(tiny)
    const outside = csr([[0, 120, 3]])
    const sequences = makeSequences({ users: ['a'], items: outside })
    await expect(model.fit({ items: world.data.items, sequences })).rejects.toThrow(
      /items of the sequences table.*120/s,
    )
    await model.fit(world.data, { budget: { steps: 1 } })
    const queries = makeQueries({ users: ['a'], history: outside })
    await expect(model.recommend(queries, { k: 5 })).rejects.toThrow(/history of the queries table.*120/s)
    model.dispose()
  })

  it('tables of another catalogue', async () => {
    const other = smallWorld({ items: 60 })
    const model = twoTower(tiny)
    await expect(model.fit({ ...world.data, items: other.data.items })).rejects.toThrow(/another items table/)
    await model.fit(world.data)
    await expect(model.recommend(other.queries, { k: 5 })).rejects.toThrow(/another items table/)
    model.dispose()
  })

  it('a folder of another system', async () => {
    const model = twoTower(tiny)
    await model.fit(world.data, { budget: { steps: 1 } })
    const directory = join(folder, 'other')
    await model.save(directory)
    const sparc = systems.sparc
    await expect(sparc.load(directory)).rejects.toThrow(/another system/)
    model.dispose()
  })
})
