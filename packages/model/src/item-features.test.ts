import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  csr,
  decodeSafetensors,
  makeItems,
  makeSequences,
  openFolder,
  random,
  readEmbeddings,
  readItems,
  readSequences,
  type SafeTensor,
} from '@sparc/tables'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from './embedding-table.ts'
import { ready } from './gradient.fixture.ts'
import { itemFeatures } from './item-features.ts'
import { MODEL_FORMAT } from './model-format.ts'
import { createRecommender, isVectorRecommender, loadRecommender, systems } from './systems.ts'
import { adamStep } from './training/adam.ts'
import { smallWorld, tiny } from './world.fixture.ts'

beforeAll(ready)

const shop = readItems(
  makeItems({
    ids: ['soap', 'bar', 'comb', 'mystery'],
    strings: { brand: ['Acme', 'Acme', 'Solo', null], title: ['Green soap', 'Green bar', null, null] },
    lists: { categories: [['Bath', 'Soap'], ['Bath', 'Soap'], ['Hair'], []] },
  }),
)

describe('item features', () => {
  it('are prefixes of the category path, the brand and words of the title, each kind adding its mean', () => {
    const { names, bags, weights } = itemFeatures(shop)
    expect(names).toEqual(['c:Bath', 'c:Bath > Soap', 'b:Acme'])
    const ofItem = (i: number) => Array.from(bags.values.subarray(bags.offsets[i], bags.offsets[i + 1]))
    expect(ofItem(0).slice(0, 3)).toEqual([0, 1, 2])
    expect(ofItem(0)).toHaveLength(5)
    expect(ofItem(0)[3]).toBe(ofItem(1)[3])
    expect(ofItem(2)).toEqual([])
    expect(ofItem(3)).toEqual([])
    expect(Array.from(weights.subarray(0, 5))).toEqual([0.5, 0.5, 1, 0.5, 0.5])
  })

  it('with a vocabulary, names that it lacks are left out', () => {
    const { names, bags } = itemFeatures(shop, ['b:Acme'])
    expect(names).toEqual(['b:Acme'])
    expect(bags.values[0]).toBe(0)
  })

  it('a table adds them to the ids, and hands them the gradient of their items', () => {
    const features = itemFeatures(shop)
    const table = createEmbeddingTable(4, 2, { random: random(1), features })
    const at = (row: number) => Array.from(table.values.subarray(2 * row, 2 * row + 2))
    const out = new Float32Array(6)
    table.gather(Int32Array.of(0, -1, 3), 3, out)
    expect(Array.from(out.subarray(2, 4))).toEqual([0, 0])
    expect(Array.from(out.subarray(4))).toEqual(at(3))
    const rows = Array.from(features.bags.values.subarray(0, 5), (f) => at(4 + f))
    for (const d of [0, 1]) {
      const sum = at(0)[d] + (rows[0][d] + rows[1][d]) / 2 + rows[2][d] + (rows[3][d] + rows[4][d]) / 2
      expect(out[d]).toBeCloseTo(sum, 5)
    }
    // Equal and opposite gradients of the two Acme items cancel in what they share: Adam leaves those rows alone.
    const before = [at(4), at(6), at(0)]
    table.update(Int32Array.of(0, 1), 2, Float32Array.of(1, 1, -1, -1), adamStep(1, 0.1))
    expect([at(4), at(6)]).toEqual(before.slice(0, 2))
    expect(at(0)[0]).toBeCloseTo(before[2][0] - 0.1, 5)
  })
})

const learned = Object.entries(systems).flatMap(([name, { trained }]) => (trained ? [name] : []))
const codes: Record<string, object> = {
  sparc: { codebook: { size: 4 }, warmUpSteps: 1 },
  gemirec: { dictionary: { size: 4 }, warmUpSteps: 1 },
}

it.each(learned)(
  '%s gives items that nobody used vectors from what is known of them, or without features none',
  async (name) => {
    const world = smallWorld()
    const ids = [...world.ids, 'new-a', 'new-b', 'new-c']
    const group = (i: number) => [`Group ${i < 122 ? 0 : 5}`]
    const categories = ids.map((_, i) => (i < 120 ? [`Group ${Math.floor(i / 20)}`] : group(i)))
    const items = makeItems({ ids, lists: { categories } })
    const { users, items: rows } = readSequences(world.data.sequences)
    const sequences = makeSequences({ users, items: rows, itemsKey: readItems(items).key })
    const cosines = async (features: boolean) => {
      const model = createRecommender(name, { ...tiny, ...codes[name], steps: 5, initial: 'normal', features })
      if (!isVectorRecommender(model)) throw new Error(`${name} is a vector system`)
      await model.fit({ items, sequences })
      const { data } = readEmbeddings(await model.embedItems()).vectors
      model.dispose()
      const of = (a: number, b: number) =>
        [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, d) => sum + data[a * 8 + d] * data[b * 8 + d], 0)
      return { same: of(120, 121), other: of(120, 122) }
    }
    const known = await cosines(true)
    // As negatives they have been moved a little, each its own way.
    expect(known.same).toBeGreaterThan(0.8)
    expect(known.other).toBeLessThan(0.7)
    expect((await cosines(false)).same).toBeLessThan(0.7)
  },
)

describe('a catalogue with features that grows', () => {
  const groups = 6
  const world = smallWorld({ groups })
  const category = (i: number) => [`group ${Math.floor(i / 20)}`]
  const describeItems = (ids: string[], groupOf: (i: number) => string[]) =>
    makeItems({ ids, lists: { categories: ids.map((_, i) => groupOf(i)) } })
  const items = describeItems(world.ids, category)
  const grown = describeItems([...world.ids, 'new-a', 'new-b'], (i) =>
    i < 120 ? category(i) : category((i - 120) * 60),
  )
  const options = { ...tiny, features: true, learningRate: 0.02, codebook: { size: 8 }, warmUpSteps: 10 }

  it('new items get vectors near the rest of their category, old rows stay, and drift is told', async () => {
    const model = createRecommender('sparc', options)
    if (!isVectorRecommender(model)) throw new Error('sparc is a vector system')
    await model.fit({ ...world.data, items }, { budget: { steps: 60 } })
    const before = readEmbeddings(await model.embedItems())
    const { items: rows, users } = readSequences(world.data.sequences)
    const more = makeSequences({ users, items: rows, itemsKey: readItems(grown).key })
    const data = { items: grown, sequences: more }
    const report = await model.fit(data, { from: 'current', budget: { steps: 0 } })
    expect(report.drift).toBe(0)
    const after = readEmbeddings(await model.embedItems())
    expect(after.vectors.data.subarray(0, before.vectors.data.length)).toEqual(before.vectors.data)
    expect(after.codes?.data.length).toBe(3 * 122)
    const cosine = (a: number, b: number) => {
      let dot = 0
      for (let d = 0; d < 8; d++) dot += after.vectors.data[a * 8 + d] * after.vectors.data[b * 8 + d]
      return dot
    }
    const near = (item: number, group: number) => {
      let sum = 0
      for (let i = 0; i < 20; i++) sum += cosine(item, group * 20 + i) / 20
      return sum
    }
    // new-a is of group 0, new-b of group 3.
    expect(near(120, 0)).toBeGreaterThan(near(120, 3))
    expect(near(121, 3)).toBeGreaterThan(near(121, 0))
    const trained = await model.fit(data, { from: 'current', budget: { steps: 20 } })
    expect(trained.drift).toBeGreaterThanOrEqual(0)
    expect(trained.drift).toBeLessThan(1)

    const folder = await mkdtemp(join(tmpdir(), 'sparc-features-'))
    await model.save(folder)
    const loaded = await loadRecommender(folder)
    if (!isVectorRecommender(loaded)) throw new Error('sparc is a vector system')
    expect(readEmbeddings(await loaded.embedItems())).toEqual(readEmbeddings(await model.embedItems()))
    await loaded.fit(data, { from: 'current', budget: { steps: 5 } })
    await rm(folder, { recursive: true })
    loaded.dispose()

    const shuffled = describeItems([...world.ids].reverse(), category)
    const sequences = makeSequences({ users: ['u'], items: csr([[0, 1, 2]]), itemsKey: readItems(shuffled).key })
    const moved = { items: shuffled, sequences }
    await expect(model.fit(moved, { from: 'current' })).rejects.toThrow(/is another item now/)
    model.dispose()
  })

  const few = { ...options, batch: 8, negatives: { count: 8 }, warmUpSteps: 5 }

  it('twins that nobody used have the one vector that their features give, and the code that it is quantized to', async () => {
    // Twins of item 3, and of item 70, as far as the vocabulary knows them.
    const twins = describeItems([...world.ids, 'a', 'b', 'c', 'd'], (i) => category([3, 3, 70, 70][i - 120] ?? i))
    const { items: rows, users } = readSequences(world.data.sequences)
    const sequences = makeSequences({ users, items: rows, itemsKey: readItems(twins).key })
    const model = createRecommender('sparc', { ...few, codebook: { size: 4, levels: 2, capacity: 1 } })
    if (!isVectorRecommender(model)) throw new Error('sparc is a vector system')
    await model.fit({ ...world.data, items, validation: undefined }, { budget: { steps: 15 } })
    await model.fit({ items: twins, sequences }, { from: 'current', budget: { steps: 0 } })
    const { vectors, codes } = readEmbeddings(await model.embedItems())
    const folder = await mkdtemp(join(tmpdir(), 'sparc-twins-'))
    await model.save(folder)
    const saved = await openFolder(folder, MODEL_FORMAT)
    const { tensors: table } = decodeSafetensors(await saved.read('table.safetensors'))
    const { tensors: dense } = decodeSafetensors(await saved.read('dense.safetensors'))
    await rm(folder, { recursive: true })
    model.dispose()
    const numbers = ({ data }: SafeTensor) => Array.from(data, Number)
    const vectorOf = (item: number) => Array.from(vectors.data.subarray(8 * item, 8 * item + 8))
    const codesOf = (item: number) => Array.from(codes?.data.subarray(2 * item, 2 * item + 2) ?? [])

    // What is known of an item is its category, one feature row and nothing else.
    const [offsets, featureRows, features] = ['featureOffsets', 'featureRows', 'features'].map((n) => numbers(table[n]))
    for (const [item, twin] of [
      [120, 3],
      [121, 3],
      [122, 70],
      [123, 70],
    ]) {
      const row = featureRows[offsets[twin]]
      const known = features.slice(8 * row, 8 * row + 8)
      const length = Math.hypot(...known)
      for (const [d, x] of vectorOf(item).entries()) expect(x).toBeCloseTo(known[d] / length, 5)
      // Its own row is what the twin that was used has beside it.
      expect(vectorOf(twin)).not.toEqual(vectorOf(item))
    }
    expect([vectorOf(121), codesOf(121)]).toEqual([vectorOf(120), codesOf(120)])
    expect([vectorOf(123), codesOf(123)]).toEqual([vectorOf(122), codesOf(122)])

    const words = [0, 1].map((l) => numbers(dense[`state/codewords.${l}`]))
    const prices = [0, 1].map((l) => numbers(dense[`state/prices.${l}`]))
    expect(Math.max(...prices[0])).toBeGreaterThan(0)
    for (let item = 0; item < 124; item++) {
      let left = vectorOf(item)
      const expected = [0, 1].map((l) => {
        const rests = prices[l].map((_, c) => left.map((x, d) => x - words[l][8 * c + d]))
        const costs = rests.map((rest, c) => Math.hypot(...rest) ** 2 + prices[l][c])
        const code = costs.indexOf(Math.min(...costs))
        left = rests[code]
        return code
      })
      expect(codesOf(item)).toEqual(expected)
    }
  })

  it('drift is the share of old items whose level-1 code is another one after training', async () => {
    const model = createRecommender('sparc', few)
    if (!isVectorRecommender(model)) throw new Error('sparc is a vector system')
    await model.fit({ ...world.data, items, validation: undefined }, { budget: { steps: 15 } })
    const firstCodes = async () => {
      const { codes } = readEmbeddings(await model.embedItems())
      return Array.from({ length: 120 }, (_, item) => codes?.data[3 * item])
    }
    const before = await firstCodes()
    const { items: rows, users } = readSequences(world.data.sequences)
    const more = makeSequences({ users, items: rows, itemsKey: readItems(grown).key })
    const report = await model.fit({ items: grown, sequences: more }, { from: 'current', budget: { steps: 15 } })
    const after = await firstCodes()
    model.dispose()
    const changed = before.filter((code, item) => code !== after[item]).length
    expect(changed).toBeGreaterThan(0)
    expect(report.drift).toBeCloseTo(changed / 120, 10)
  })
})
