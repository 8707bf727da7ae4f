import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  csr,
  makeQueries,
  makeSequences,
  readEmbeddings,
  readRecommendations,
  readSequences,
  readTable,
  row,
} from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from './gradient.fixture.ts'
import { createRecommender, isVectorRecommender, loadRecommender, systems } from './systems.ts'
import { twoTower } from './two-tower/two-tower.ts'
import { smallWorld, tiny } from './world.fixture.ts'

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-refuses-'))
})
afterAll(() => rm(folder, { recursive: true }))

const world = smallWorld()

describe.each(['item-knn', 'ease', 'als', 'popularity'])('%s', (name) => {
  it('gives who has no history the items of most users, saved or not, and keeps the ids of items', async () => {
    const model = createRecommender(name)
    await model.fit(world.data)
    const directory = join(folder, name)
    await model.save(directory)
    const loaded = await loadRecommender(directory)
    const { users, items } = readSequences(world.data.sequences)
    const counts = world.ids.map((_, item) => users.filter((_, u) => row(items, u).includes(item)).length)
    const most = counts.toSorted((a, b) => b - a)
    const queries = makeQueries({ users: ['new', 'old'], history: csr([[], [1, 2]]), itemsKey: world.itemsKey })
    for (const each of [model, loaded]) {
      const lists = readRecommendations(await each.recommend(queries, { k: 3 }))
      expect([...lists.scores.subarray(0, 3)]).toEqual(most.slice(0, 3))
      expect(Array.from(row(lists.items, 0), (item) => counts[item])).toEqual(most.slice(0, 3))
    }
    const kept = await readdir(directory)
    const ids = kept.find((file) => file.startsWith('items')) ?? ''
    expect(JSON.parse(await readFile(join(directory, ids), 'utf8'))).toEqual(world.ids)
    const embeddings = kept.find((file) => file.startsWith('embeddings'))
    expect(embeddings !== undefined).toBe(isVectorRecommender(model))
    if (embeddings && isVectorRecommender(model)) {
      const table = await readTable(join(directory, embeddings))
      expect(readEmbeddings(table)).toEqual(readEmbeddings(await model.embedItems()))
    }
    for (const each of [model, loaded]) each.dispose()
  })
})

describe('a learned system refuses', () => {
  it('unknown options, with a suggestion', () => {
    expect(() => createRecommender('two-tower', { temprature: 1 })).toThrow(/Did you mean "temperature"/)
    expect(() => createRecommender('comirec-sa', { interests: 0 })).toThrow(/interests/)
    expect(() => createRecommender('two-towr')).toThrow(/Did you mean "two-tower"/)
  })

  it('a loss that its way of training does not have', () => {
    const mixture = { train: 'mixture', loss: 'bce' }
    expect(() => createRecommender('sparc', mixture)).toThrow(/loss.*must be softmax with train 'mixture'/s)
    createRecommender('sparc', { ...mixture, loss: 'softmax' }).dispose()
    createRecommender('sparc', { ...mixture, train: 'nearest' }).dispose()
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
