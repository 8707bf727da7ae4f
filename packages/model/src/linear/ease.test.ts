import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CancelledError, random, readRecommendations, row } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, test } from 'vitest'
import { createRecommender, loadRecommender } from '../systems.ts'
import { loadTensorflow } from '../tensorflow.ts'
import { ease, easeWeights, loadEase } from './ease.ts'
import { blockRow, invertSmall, sweep } from './inverse.ts'
import { denseBinary, listsOfRepeating, smallLog } from './log.fixture.ts'
import { distinct } from './sparse.ts'

await loadTensorflow()
const directory = await mkdtemp(join(tmpdir(), 'sparc-ease-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Inverse by Gauss-Jordan elimination with pivoting, in doubles. */
function inverse(matrix: number[][]): number[][] {
  const n = matrix.length
  const a = matrix.map((r, i) => [...r, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))])
  for (let k = 0; k < n; k++) {
    let best = k
    for (let i = k; i < n; i++) if (Math.abs(a[i][k]) > Math.abs(a[best][k])) best = i
    ;[a[k], a[best]] = [a[best], a[k]]
    a[k] = a[k].map((x) => x / a[k][k])
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = a[i][k]
      a[i] = a[i].map((x, j) => x - factor * a[k][j])
    }
  }
  return a.map((r) => r.slice(n))
}

function gram(binary: number[][], lambda: number): number[][] {
  const items = binary[0].length
  const at = (i: number, j: number) => binary.reduce((sum, user) => sum + user[i] * user[j], i === j ? lambda : 0)
  return Array.from({ length: items }, (_, i) => Array.from({ length: items }, (_, j) => at(i, j)))
}

describe('the block sweep', () => {
  test.each([
    [11, 4],
    [12, 4],
    [9, 9],
    [5, 2],
  ])('turns a positive definite matrix of order %d in blocks of %d into minus its inverse', async (order, size) => {
    const draw = random(order)
    const factor = Array.from({ length: order }, () => Array.from({ length: order }, () => draw.normal()))
    const matrix = gram(factor, 2)
    const blocks: tf.Tensor2D[] = []
    for (let from = 0; from < order; from += size) {
      const end = Math.min(order, from + size)
      blocks.push(tf.tensor2d(matrix.slice(from, end).map((r) => r.slice(0, end))))
    }
    const before = tf.memory().numTensors
    const lower = { order, size, blocks }
    await sweep(lower)
    expect(tf.memory().numTensors).toBe(before)
    const expected = inverse(matrix)
    for (let k = 0; k < blocks.length; k++) {
      const rows = blockRow(lower, k).arraySync()
      for (const [r, values] of rows.entries()) {
        for (const [j, value] of values.entries()) expect(value).toBeCloseTo(-expected[k * size + r][j], 4)
      }
    }
    const small = invertSmall(Float64Array.from(matrix.flat()), order)
    for (let n = 0; n < small.length; n++) expect(small[n]).toBeCloseTo(expected.flat()[n], 5)
    tf.dispose(blocks)
  })
})

describe('EASE', () => {
  test('has the weights of the closed form, with a zero diagonal', async () => {
    const { rows, ids, sequences } = smallLog(21)
    const p = inverse(gram(denseBinary(rows, ids.length), 3))
    const before = tf.memory().numTensors
    const found = await easeWeights(distinct(sequences, ids.length), ids.length, { lambda: 3, keep: 1000 })
    expect(tf.memory().numTensors).toBe(before)
    for (let i = 0; i < ids.length; i++) {
      const kept = row(found, i)
      expect(kept.length).toBe(ids.length - 1)
      expect(kept.includes(i)).toBe(false)
      for (const [n, j] of kept.entries()) {
        expect(found.similarities[found.offsets[i] + n]).toBeCloseTo(-p[i][j] / p[j][j], 4)
      }
    }
  })

  test('keeps the largest weights of each item when told to keep few', async () => {
    const { ids, sequences } = smallLog(22)
    const users = distinct(sequences, ids.length)
    const all = await easeWeights(users, ids.length, { lambda: 3, keep: 1000 })
    const few = await easeWeights(users, ids.length, { lambda: 3, keep: 5 })
    for (let i = 0; i < ids.length; i++) expect([...row(few, i)]).toEqual([...row(all, i)].slice(0, 5))
  })

  test('counts an item that a history repeats once', async () => {
    const { data } = smallLog(25, 60, 80)
    const model = ease({ lambda: 5 })
    await model.fit(data)
    const [often, once] = await listsOfRepeating(model)
    expect(once.items).toHaveLength(80)
    expect(often).toEqual(once)
  })

  test('gives the same lists after it was saved and loaded', async () => {
    const { data, queries } = smallLog(23)
    const model = ease({ lambda: 5 })
    await model.fit(data)
    await model.save(directory)
    const loaded = await loadEase(directory)
    const expected = readRecommendations(await model.recommend(queries, { k: 10 }))
    expect(expected.items.values.length).toBe(10 * expected.users.length)
    expect(readRecommendations(await loaded.recommend(queries, { k: 10 }))).toEqual(expected)
  })

  test('stops when it is cancelled, keeping what it had', async () => {
    const { data, queries } = smallLog(24)
    const model = ease({ lambda: 5 })
    await model.fit(data)
    const kept = readRecommendations(await model.recommend(queries, { k: 3 }))
    const before = tf.memory().numTensors
    const refused = model.fit(data, { signal: AbortSignal.abort() })
    await expect(refused).rejects.toSatisfy((error) => CancelledError.isInstance(error))
    expect(tf.memory().numTensors).toBe(before)
    expect(readRecommendations(await model.recommend(queries, { k: 3 }))).toEqual(kept)
  })
})

test.each(['popularity', 'item-knn', 'ease', 'als'])('%s leaves no tensor behind', async (name) => {
  const { data, queries } = smallLog(25)
  const before = tf.memory()
  const model = createRecommender(name)
  const place = join(directory, name)
  for (const call of [() => model.fit(data), () => model.recommend(queries, { k: 3 }), () => model.save(place)]) {
    await call()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
  }
  const loaded = await loadRecommender(place)
  await loaded.recommend(queries, { k: 3 })
  loaded.dispose()
  model.dispose()
  expect(tf.memory().numTensors).toBe(before.numTensors)
})
