import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  csr,
  InvalidFileError,
  makeQueries,
  readEmbeddings,
  readInterests,
  readRecommendations,
  readTable,
  row,
} from '@sparc/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ready } from '../gradient.fixture.ts'
import type { CodedRecommender, FitEvent } from '../recommender.ts'
import { createRecommender, isVectorRecommender, loadRecommender } from '../systems.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { openServing } from './index.ts'

const world = smallWorld()
const histories = [[3, 50, 7], [119], [1, 2, 3, 4, 5, 6, 7, 8, 9], [60, 61, 60, 62]]
const queries = makeQueries({ users: ['a', 'b', 'c', 'd'], history: csr(histories), itemsKey: world.itemsKey })
const idsOf = (rows: number[]) => rows.map((row) => world.ids[row])
// Few steps, but large ones: what begins at zero must have moved.
const brief = { ...tiny, steps: 10, initial: 'normal', learningRate: 0.02 }
const ofSparc = { ...brief, warmUpSteps: 4, codebook: { size: 8 } }
const ofGemirec = { ...brief, warmUpSteps: 4, dictionary: { size: 8 } }
const variants: [string, string, object][] = [
  ['two-tower', 'two-tower', brief],
  ...['two-tower', 'comirec-sa', 'comirec-dr', 'mind', 'remi', 'gemirec', 'sparc'].map(
    (system): [string, string, object] => [
      `${system} with a transformer over the history`,
      system,
      { ...(system === 'sparc' ? ofSparc : system === 'gemirec' ? ofGemirec : brief), context: { blocks: 2 } },
    ],
  ),
  ['two-tower, raw scores', 'two-tower', { ...brief, normalize: false }],
  ['comirec-sa', 'comirec-sa', brief],
  ['plain attention', 'comirec-sa', { ...brief, interests: 1 }],
  ['comirec-dr', 'comirec-dr', brief],
  ['mind', 'mind', brief],
  ['remi', 'remi', brief],
  ['sasrec', 'sasrec', brief],
  ['sasrec with heads and three blocks', 'sasrec', { ...brief, blocks: 3, heads: 2, hidden: 12 }],
  ['gemirec', 'gemirec', ofGemirec],
  ['gemirec, three levels', 'gemirec', { ...ofGemirec, dictionary: { size: 6, levels: 3 } }],
  ['gemirec with interests of the history', 'gemirec', { ...ofGemirec, source: 'history' }],
  ['sparc', 'sparc', ofSparc],
  ['sparc in the form of the paper, hard search', 'sparc', { ...ofSparc, user: 'attention', search: 'hard' }],
  [
    'sparc with attention as general vector, and features',
    'sparc',
    { ...ofSparc, general: 'attention', features: true },
  ],
  ['sparc as a mixture', 'sparc', { ...ofSparc, train: 'mixture', explored: 3, probabilityTemperature: 1 }],
  ['sparc without its general vector', 'sparc', { ...ofSparc, generalShare: 0 }],
  ['sparc with balanced codes', 'sparc', { ...ofSparc, codebook: { size: 8, capacity: 1, reviveEvery: 2 } }],
  ['sparc that ranks by the nearest interest', 'sparc', { ...ofSparc, rank: 'nearest' }],
  ['comirec-sa that ranks by the nearest interest', 'comirec-sa', { ...brief, rank: 'nearest' }],
  ['mind that ranks by the nearest interest', 'mind', { ...brief, rank: 'nearest' }],
  ['sparc, hard search by the nearest interest', 'sparc', { ...ofSparc, search: 'hard', rank: 'nearest' }],
  ['sparc, hard search alone', 'sparc', { ...ofSparc, search: 'hard', rank: 'nearest', generalShare: 0 }],
  [
    'sparc with interests of two levels',
    'sparc',
    { ...ofSparc, codebook: { size: 4 }, interestLevels: 2, codeHistogram: true },
  ],
  [
    'sparc, hard search over two levels',
    'sparc',
    { ...ofSparc, codebook: { size: 4 }, interestLevels: 2, search: 'hard' },
  ],
  ["sparc's control", 'sparc', { ...ofSparc, codebook: { size: 1 } }],
]

let folder = ''
beforeAll(async () => {
  await ready()
  folder = await mkdtemp(join(tmpdir(), 'sparc-serving-'))
})
afterAll(() => rm(folder, { recursive: true }))

const saved = async (system: string, options: object) => {
  const model = createRecommender(system, options)
  if (!isVectorRecommender(model)) throw new Error(`${system} is no vector system`)
  await model.fit(world.data)
  const directory = await mkdtemp(join(folder, 'model-'))
  await model.save(directory)
  return { model, directory }
}

describe('serving without TensorFlow', () => {
  it.each(variants)('%s: the same interests and lists as TensorFlow gives', async (_, system, options) => {
    const { model, directory } = await saved(system, options)
    const plain = await openServing(directory)
    const interests = readInterests(await model.embedUsers(queries))
    const lists = readRecommendations(await model.recommend(queries, { k: 10 }))
    const fewer = readRecommendations(await model.recommend(queries, { k: 10, popularityWeight: -2 }))
    for (const [r, history] of histories.entries()) {
      const user = plain.embed(idsOf(history))
      const first = interests.offsets[r]
      expect(user.vectors.length).toBe(interests.offsets[r + 1] - first)
      for (const [c, vector] of user.vectors.entries()) {
        const p = interests.probabilities?.[first + c]
        expect(Math.exp(user.logProbabilities?.[c] ?? 0)).toBeCloseTo(p ?? 1, 5)
        expect(user.codes?.[c]).toBe(interests.codes?.[first + c])
        for (let d = 0; d < 8; d++) expect(vector[d]).toBeCloseTo(interests.vectors.data[(first + c) * 8 + d], 5)
      }
      expect(plain.embed(idsOf(history), { interests: 1 }).logProbabilities ?? [0]).toHaveLength(1)
      const best = plain.recommend(idsOf(history), { k: 10 })
      for (let n = 0; n < 10; n++) expect(best[n].score).toBeCloseTo(lists.scores[lists.items.offsets[r] + n], 4)
      expect(best.map(({ id }) => id)).toEqual(idsOf([...row(lists.items, r)]))
      expect(best.some(({ id }) => idsOf(history).includes(id))).toBe(false)
      const tail = plain.recommend(idsOf(history), { k: 10, popularityWeight: -2 })
      for (let n = 0; n < 10; n++) expect(tail[n].score).toBeCloseTo(fewer.scores[fewer.items.offsets[r] + n], 4)
    }
    model.dispose()
  })

  it.each(['sparc', 'gemirec'])('%s that was stopped before its codebook began: one vector', async (system) => {
    const model = createRecommender(system, { ...brief, steps: 50, warmUpSteps: 20 })
    if (!isVectorRecommender(model)) throw new Error(`${system} is no vector system`)
    const stop = new AbortController()
    const onEvent = ({ type }: FitEvent) => type === 'step' && stop.abort()
    await expect(model.fit(world.data, { signal: stop.signal, onEvent })).rejects.toThrow(/cancelled at step/)
    const directory = join(folder, `stopped-${system}`)
    await model.save(directory)
    const { vectors } = (await openServing(directory)).embed(idsOf(histories[0]))
    const expected = readInterests(await model.embedUsers(queries))
    expect([vectors.length, expected.offsets[1]]).toEqual([1, 1])
    for (let d = 0; d < 8; d++) expect(vectors[0][d]).toBeCloseTo(expected.vectors.data[d], 5)
    model.dispose()
  })

  it('skips and counts unknown ids, and falls back to popularity without a history', async () => {
    const { model, directory } = await saved('sparc', ofSparc)
    const plain = await openServing(directory)
    expect(plain.embed(['item-3', 'nonsense']).unknown).toEqual(['nonsense'])
    expect(plain.embed(['nonsense']).vectors).toEqual([])
    expect(() => plain.embed(['item-3'], { interests: 0 })).toThrow(/at least 1/)
    await expect(model.embedUsers(queries, { interests: 1.5 })).rejects.toThrow(/at least 1/)
    const all = makeQueries({ users: ['new', 'old'], history: csr([[], [3]]), itemsKey: world.itemsKey })
    const { offsets, vectors } = readInterests(await model.embedUsers(all))
    expect([offsets[1], offsets[2]]).toEqual([0, vectors.rows])
    expect(vectors.rows).toBe(plain.embed(['item-3']).vectors.length)
    const counts = new Float32Array(120)
    const { values } = (await import('@sparc/tables')).readSequences(world.data.sequences).items
    for (const item of values) counts[item]++
    const popular = plain.recommend([], { k: 3 })
    expect(popular[0].score).toBe(Math.max(...counts))
    expect(popular[0].interest).toBeUndefined()
    model.dispose()
  })

  it('leaves out what a user that embed made has had, and refuses what means nothing', async () => {
    const { model, directory } = await saved('two-tower', brief)
    model.dispose()
    const plain = await openServing(directory)
    const user = plain.embed(['item-3', 'nonsense', 'item-5'])
    expect([user.known, user.unknown]).toEqual([['item-3', 'item-5'], ['nonsense']])
    expect(plain.recommend([], { k: 120, user }).map(({ id }) => id)).toEqual(
      plain.recommend(['item-3', 'item-5'], { k: 120 }).map(({ id }) => id),
    )
    expect(plain.recommend(['item-7'], { k: 120, user })).toHaveLength(117)
    const refuses = (call: (serving: never) => unknown, message: RegExp) =>
      expect(() => call(plain as never)).toThrow(message)
    type Any = { embed(...a: unknown[]): void; recommend(...a: unknown[]): void }
    refuses((serving: Any) => serving.embed('item-3'), /not an array of item ids.*item-3/s)
    refuses((serving: Any) => serving.embed([3]), /not an array of item ids/)
    refuses((serving: Any) => serving.embed(['item-3'], 2), /object is needed.*interests/s)
    refuses((serving: Any) => serving.embed(['item-3'], { intrests: 2 }), /Unknown option.*intrests.*interests/s)
    refuses((serving: Any) => serving.recommend(['item-3']), /object is needed.*popularityWeight/s)
    refuses((serving: Any) => serving.recommend(['item-3'], {}), /"k".*k >= 1/s)
    refuses((serving: Any) => serving.recommend(['item-3'], { k: 3, popularityWeight: Number.NaN }), /finite/)
    refuses((serving: Any) => serving.recommend(['item-3'], { k: 3, interests: -5, user }), /interests.*at least 1/s)
    refuses(
      (serving: Any) => serving.recommend(['item-3'], { k: 3, user: { vectors: [[1]] } }),
      /what embed of the same/,
    )
    const other = { ...user, vectors: [new Float32Array(plain.dim + 1)] }
    refuses((serving: Any) => serving.recommend(['item-3'], { k: 3, user: other }), /what embed of the same model gave/)
    const [most] = plain.recommend([], { k: 1 })
    expect(plain.recommend([most.id], { k: 120, user: plain.embed([]) }).map(({ id }) => id)).not.toContain(most.id)
  })

  it('explains: the interest behind each item, and what an interest is about', async () => {
    const { model, directory } = await saved('sparc', ofSparc)
    const plain = await openServing(directory)
    const user = plain.embed(['item-3', 'item-5'])
    for (const { interest } of plain.recommend(['item-3', 'item-5'], { k: 5 })) {
      expect(interest?.code).toBe(user.codes?.[interest?.place ?? -1])
      expect(interest?.place).toBeGreaterThan(0)
      expect(interest?.probability).toBeCloseTo(Math.exp(user.logProbabilities?.[interest?.place ?? -1] ?? 0))
    }
    const embedded = readEmbeddings(await model.embedItems())
    const code = user.codes?.[0] ?? 0
    const about = plain.describeInterest(code)
    expect(about).toEqual(await (model as CodedRecommender).describeInterest(code))
    const carry = world.ids.filter((_, row) => embedded.codes?.data[row * (embedded.codes?.levels ?? 1)] === code)
    expect(about.count).toBe(carry.length)
    expect(about.items.length).toBe(Math.min(10, carry.length))
    for (const { id } of about.items) expect(carry).toContain(id)
    expect(about.categories.length).toBeGreaterThan(0)
    expect(() => plain.describeInterest(8)).toThrow(/allowed: 0 to 7|0 to 7/)
    model.dispose()
    const loaded = (await loadRecommender(directory)) as CodedRecommender
    expect(await loaded.describeInterest(code)).toEqual(about)
    loaded.dispose()
  })

  it('refuses a folder with a file cut short, gone, or of a newer version, as loading it does; the embeddings lie in it as Arrow', async () => {
    const { model, directory } = await saved('two-tower', brief)
    const names = await readdir(directory)
    const path = (start: string) => join(directory, names.find((name) => name.startsWith(start)) ?? start)
    expect(readEmbeddings(await readTable(path('embeddings')))).toEqual(readEmbeddings(await model.embedItems()))
    model.dispose()
    const refuses = async (code: string) => {
      for (const open of [openServing, loadRecommender]) {
        await expect(open(directory)).rejects.toSatisfy((e) => InvalidFileError.isInstance(e) && e.code === code)
      }
    }
    for (const start of ['dense', 'table', 'items']) {
      const bytes = await readFile(path(start))
      await writeFile(path(start), bytes.subarray(0, bytes.length - 1))
      await refuses('TRUNCATED')
      await rm(path(start))
      await refuses('NO_SUCH_FILE')
      await writeFile(path(start), bytes)
    }
    const manifest = JSON.parse(await readFile(path('manifest'), 'utf8'))
    await writeFile(path('manifest'), JSON.stringify({ ...manifest, version: 99 }))
    await refuses('NEWER_VERSION')
  })

  it.each([
    ['sparc', 'generalShare'],
    ['sasrec', 'heads'],
    ['mind', 'interests'],
  ])('refuses a %s whose saved options lack %s', async (system, missing) => {
    const { model, directory } = await saved(system, brief)
    model.dispose()
    const path = join(directory, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    delete manifest.meta.options[missing]
    await writeFile(path, JSON.stringify(manifest))
    await expect(openServing(directory)).rejects.toThrow(new RegExp(`not complete.*${missing}`, 's'))
  })

  it('loads no other package, neither Arrow nor TensorFlow', async () => {
    const root = new URL('../../../', import.meta.url)
    const asked = new Set<string>()
    const follow = async (file: URL): Promise<void> => {
      if (asked.has(file.href)) return
      asked.add(file.href)
      const code = (await readFile(file, 'utf8')).replaceAll(/^(im|ex)port type [^;]*? from .*$/gm, '')
      for (const [, name] of code.matchAll(/ from '([^']+)'/g)) {
        if (name.startsWith('.')) await follow(new URL(name, file))
        else if (name === '@sparc/tables/plain') await follow(new URL('tables/src/plain.ts', root))
        else asked.add(name)
      }
    }
    await follow(new URL('index.ts', import.meta.url))
    const packages = [...asked].filter((name) => !name.startsWith('file:') && !name.startsWith('node:'))
    expect(packages).toEqual([])
  })

  it('a system that it does not know is refused, and TensorFlow is never loaded', async () => {
    const linear = createRecommender('item-knn')
    await linear.fit(world.data)
    await linear.save(join(folder, 'item-knn'))
    await expect(openServing(join(folder, 'item-knn'))).rejects.toThrow(/is not served from here.*item-knn.*sasrec/s)
    const two = await saved('two-tower', brief)
    two.model.dispose()
    const entry = fileURLToPath(new URL('index.ts', import.meta.url))
    const program = `
      const { openServing } = await import(${JSON.stringify(entry)})
      const model = await openServing(${JSON.stringify(two.directory)})
      model.recommend(['item-1'], { k: 3 })
      const { createRequire } = await import('node:module')
      const loaded = Object.keys(createRequire(${JSON.stringify(entry)}).cache)
      process.stdout.write(JSON.stringify(loaded.filter((path) => path.includes('tensorflow'))))`
    const args = [
      '--conditions=@sparc/source',
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      program,
    ]
    const child = spawn(process.execPath, args)
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    const code = await new Promise((ended) => child.once('close', ended))
    expect([code, out]).toEqual([0, '[]'])
  })
})
