import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, csr, InvalidFileError, makeQueries, readRecommendations, row } from '@sparc/tables'
import { afterAll, describe, expect, test } from 'vitest'
import { itemKnn, loadItemKnn } from './item-knn.ts'
import { denseBinary, listsOfRepeating, smallLog } from './log.fixture.ts'
import { nearestItems } from './neighbours.ts'
import { loadPopularity, popularity } from './popularity.ts'
import { distinct } from './sparse.ts'

const directory = await mkdtemp(join(tmpdir(), 'sparc-knn-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Similarities of all pairs as the definition says, from a dense matrix. */
function denseSimilarities(binary: number[][], weighting: string, k1: number, b: number, shrinkage = 0): number[][] {
  const items = binary[0].length
  const userLengths = binary.map((user) => user.reduce((sum, x) => sum + x, 0))
  const counts = Array.from({ length: items }, (_, i) => binary.reduce((sum, user) => sum + user[i], 0))
  const mean = counts.reduce((sum, n) => sum + n, 0) / items
  const idf = userLengths.map((n) => Math.log(items) - Math.log(1 + n))
  const columns = Array.from({ length: items }, (_, i) => {
    const column = binary.map((user, u) => {
      if (weighting === 'cosine') return user[i]
      if (weighting === 'tfidf') return user[i] * idf[u]
      return user[i] * idf[u] * ((k1 + 1) / (k1 * (1 - b + (b * counts[i]) / mean) + 1))
    })
    const norm = weighting === 'bm25' ? 1 : Math.hypot(...column) || 1
    return { column, norm }
  })
  return columns.map((x) =>
    columns.map((y) => x.column.reduce((sum, v, u) => sum + v * y.column[u], 0) / (x.norm * y.norm + shrinkage)),
  )
}

describe('item-kNN', () => {
  test.each([
    ['cosine', 0],
    ['tfidf', 0],
    ['bm25', 0],
    ['cosine', 1.5],
    ['tfidf', 20],
  ] as const)('finds the similarities of %s, shrunk by %d, that the definition gives', async (weighting, shrinkage) => {
    const { rows, ids, sequences } = smallLog(3)
    const options = { weighting, neighbours: ids.length, shrinkage, k1: 1.2, b: 0.75 }
    const found = await nearestItems(distinct(sequences, ids.length), ids.length, options)
    const expected = denseSimilarities(denseBinary(rows, ids.length), weighting, 1.2, 0.75, shrinkage)
    for (let i = 0; i < ids.length; i++) {
      const similar = new Map<number, number>()
      for (let n = found.offsets[i]; n < found.offsets[i + 1]; n++) similar.set(found.values[n], found.similarities[n])
      for (let j = 0; j < ids.length; j++) expect(similar.get(j) ?? 0).toBeCloseTo(expected[i][j], 5)
    }
  })

  test('keeps the nearest, the item itself among them', async () => {
    const { ids, sequences } = smallLog(4)
    const users = distinct(sequences, ids.length)
    const options = { weighting: 'tfidf', shrinkage: 0, k1: 1.2, b: 0.75 } as const
    const all = await nearestItems(users, ids.length, { ...options, neighbours: ids.length })
    const few = await nearestItems(users, ids.length, { ...options, neighbours: 3 })
    for (let i = 0; i < ids.length; i++) {
      expect([...row(few, i)]).toEqual([...row(all, i)].slice(0, 3))
      if (row(all, i).length > 0) expect(few.similarities[few.offsets[i]]).toBeCloseTo(1, 5)
    }
  })

  test('sums similarities over the history, and leaves out what was seen', async () => {
    const { rows, ids, data } = smallLog(5)
    const model = itemKnn({ weighting: 'cosine', shrinkage: 0 })
    await model.fit(data)
    const history = [rows[0][0], rows[1][0]]
    const queries = makeQueries({ users: ['a'], history: csr([history]) })
    const similarities = denseSimilarities(denseBinary(rows, ids.length), 'cosine', 0, 0)
    const expected = ids.map((_, i) => history.reduce((sum, h) => sum + similarities[h][i], 0))
    const open = readRecommendations(await model.recommend(queries, { k: ids.length, excludeSeen: false }))
    const positive = expected.filter((score) => score > 0).length
    expect(open.items.values.length).toBe(positive)
    for (const [n, item] of open.items.values.entries()) expect(open.scores[n]).toBeCloseTo(expected[item], 5)
    expect([...open.scores]).toEqual([...open.scores].sort((a, b) => b - a))
    const filtered = readRecommendations(await model.recommend(queries, { k: ids.length }))
    expect([...filtered.items.values]).toEqual([...open.items.values].filter((item) => !history.includes(item)))
  })

  test('counts an item that a history repeats once', async () => {
    const { data } = smallLog(14, 60, 80)
    const model = itemKnn()
    await model.fit(data)
    const [often, once] = await listsOfRepeating(model)
    expect(once.items.length).toBeGreaterThan(2)
    expect(often).toEqual(once)
  })

  test('recommends only among the items that it is told to', async () => {
    const { data, queries } = smallLog(6)
    const model = itemKnn()
    await model.fit(data)
    const { items } = readRecommendations(await model.recommend(queries, { k: 10, among: (item) => item % 2 === 0 }))
    expect(items.values.length).toBeGreaterThan(0)
    expect(items.values.every((item) => item % 2 === 0)).toBe(true)
  })

  test('gives the same lists after it was saved and loaded', async () => {
    const { data, queries } = smallLog(7)
    const model = itemKnn({ neighbours: 7, shrinkage: 1 })
    await model.fit(data)
    await model.save(join(directory, 'knn'))
    const loaded = await loadItemKnn(join(directory, 'knn'))
    const expected = readRecommendations(await model.recommend(queries, { k: 10 }))
    expect(readRecommendations(await loaded.recommend(queries, { k: 10 }))).toEqual(expected)
    await expect(loadPopularity(join(directory, 'knn'))).rejects.toThrow(/another system.*item-knn/)
  })

  test('stops when it is cancelled, keeping what it had', async () => {
    const { data, queries } = smallLog(13)
    const model = itemKnn()
    await model.fit(data)
    const refused = model.fit(data, { signal: AbortSignal.abort() })
    await expect(refused).rejects.toSatisfy((error) => CancelledError.isInstance(error))
    expect(readRecommendations(await model.recommend(queries, { k: 3 })).users.length).toBe(60)
  })

  test('refuses a saved model whose file was cut short', async () => {
    const { data } = smallLog(12)
    const folder = join(directory, 'cut')
    const model = itemKnn()
    await model.fit(data)
    await model.save(folder)
    const weights = (await readdir(folder)).find((name) => name.endsWith('.safetensors'))
    await truncate(join(folder, String(weights)), 100)
    await expect(loadItemKnn(folder)).rejects.toSatisfy((error) => InvalidFileError.isInstance(error))
  })

  test('says what to do when it is asked before it has learned', async () => {
    const { queries } = smallLog(8)
    await expect(itemKnn().recommend(queries, { k: 5 })).rejects.toThrow(/Call fit/)
    expect(() => itemKnn({ weighting: 'tf-idf' as 'tfidf' })).toThrow(/weighting/)
  })

  test('refuses a history that names items beyond the catalogue', async () => {
    const { data, ids } = smallLog(9)
    const model = itemKnn()
    await model.fit(data)
    const queries = makeQueries({ users: ['a'], history: csr([[ids.length]]) })
    await expect(model.recommend(queries, { k: 5 })).rejects.toThrow(/does not exist/)
  })
})

describe('popularity', () => {
  test('ranks items by how many training users had them', async () => {
    const { rows, ids, data } = smallLog(10)
    const model = popularity()
    await model.fit(data)
    const queries = makeQueries({ users: ['new'], history: csr([[]]) })
    const { items, scores } = readRecommendations(await model.recommend(queries, { k: 500 }))
    expect(items.values.length).toBe(ids.length)
    const expected = Array.from(items.values, (item) => rows.filter((row) => row.includes(item)).length)
    expect([...scores]).toEqual(expected)
    expect([...scores]).toEqual([...scores].sort((a, b) => b - a))
  })

  test('gives the same lists after it was saved and loaded', async () => {
    const { data, queries } = smallLog(11)
    const model = popularity()
    await model.fit(data)
    await model.save(join(directory, 'popularity'))
    const loaded = await loadPopularity(join(directory, 'popularity'))
    const expected = readRecommendations(await model.recommend(queries, { k: 5 }))
    expect(readRecommendations(await loaded.recommend(queries, { k: 5 }))).toEqual(expected)
  })
})
