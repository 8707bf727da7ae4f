import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CancelledError,
  csr,
  type Matrix,
  random,
  readEmbeddings,
  readInterests,
  readRecommendations,
} from '@sparc/tables'
import { afterAll, describe, expect, test } from 'vitest'
import { als, alsItems, loadAls } from './als.ts'
import { createImprover, gramOf, solveExactly } from './least-squares.ts'
import { listsOfRepeating, repeating, smallLog } from './log.fixture.ts'
import { distinct } from './sparse.ts'

const directory = await mkdtemp(join(tmpdir(), 'sparc-als-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

function factors(seed: number, rows: number, dim: number): Matrix {
  const draw = random(seed)
  return { data: Float32Array.from({ length: rows * dim }, () => draw.normal()), rows, dim }
}

/** `sum_i c_i (r_i - x . y_i)^2 + lambda |x|^2` for one user. */
function objective(y: Matrix, liked: number[], x: ArrayLike<number>, alpha: number, lambda: number): number {
  let sum = 0
  for (let d = 0; d < y.dim; d++) sum += lambda * x[d] ** 2
  for (let i = 0; i < y.rows; i++) {
    let score = 0
    for (let d = 0; d < y.dim; d++) score += x[d] * y.data[i * y.dim + d]
    sum += liked.includes(i) ? alpha * (1 - score) ** 2 : score ** 2
  }
  return sum
}

describe('the regression inside ALS', () => {
  test('finds the vector at which no step in any direction lowers the objective', () => {
    const y = factors(1, 30, 5)
    const liked = [3, 8, 21]
    const out = new Float32Array(5)
    solveExactly({ factors: y, gram: gramOf(y, 0.3), alpha: 7 }, Int32Array.from(liked), out)
    const least = objective(y, liked, out, 7, 0.3)
    for (let d = 0; d < 5; d++) {
      const up = objective(
        y,
        liked,
        out.map((v, n) => (n === d ? v + 1e-2 : v)),
        7,
        0.3,
      )
      const down = objective(
        y,
        liked,
        out.map((v, n) => (n === d ? v - 1e-2 : v)),
        7,
        0.3,
      )
      expect(Math.min(up, down)).toBeGreaterThan(least)
      expect((up - down) / 2e-2).toBeCloseTo(0, 2)
    }
  })

  test('is solved by conjugate gradients too, from any start, block by block', () => {
    const users = 150
    const y = factors(2, 40, 6)
    const draw = random(4)
    const liked = csr(Array.from({ length: users }, (_, u) => Array.from({ length: u % 4 }, () => draw.int(40))))
    const regression = { factors: y, gram: gramOf(y, 0.1), alpha: 40 }
    const solutions = factors(3, users, 6)
    const before = solutions.data.slice()
    createImprover(6)(regression, liked, solutions, 30, 1, users - 1)
    for (let u = 1; u < users - 1; u++) {
      const exact = new Float32Array(6)
      solveExactly(regression, liked.values.subarray(liked.offsets[u], liked.offsets[u + 1]), exact)
      for (let d = 0; d < 6; d++) expect(solutions.data[u * 6 + d]).toBeCloseTo(exact[d], 4)
    }
    for (const u of [0, users - 1]) {
      const own = [u * 6, (u + 1) * 6]
      expect(solutions.data.subarray(...own)).toEqual(before.subarray(...own))
    }
  })
})

describe('ALS', () => {
  test('lowers the whole objective from round to round', async () => {
    const { ids, sequences } = smallLog(31)
    const users = distinct(sequences, ids.length)
    const rows = Array.from({ length: users.offsets.length - 1 }, (_, u) =>
      Array.from(users.values.subarray(users.offsets[u], users.offsets[u + 1])),
    )
    const total = async (iterations: number) => {
      const options = { factors: 4, alpha: 10, regularization: 0.5, iterations, steps: 3 }
      const items = await alsItems(users, ids.length, options, random(1))
      const regression = { factors: items, gram: gramOf(items, 0.5), alpha: 10 }
      let sum = items.data.reduce((total, value) => total + 0.5 * value ** 2, 0)
      for (const liked of rows) {
        const x = new Float32Array(4)
        solveExactly(regression, Int32Array.from(liked), x)
        sum += objective(items, liked, x, 10, 0.5)
      }
      return sum
    }
    const after = [await total(1), await total(3), await total(9)]
    expect(after[1]).toBeLessThan(after[0])
    expect(after[2]).toBeLessThan(after[1])
  })

  test('recommends what its vectors say, and the same after it was saved and loaded', async () => {
    const { data, queries, ids } = smallLog(32)
    const model = als({ factors: 8 })
    await model.fit(data)
    const lists = readRecommendations(await model.recommend(queries, { k: 5, excludeSeen: false }))
    const items = readEmbeddings(await model.embedItems())
    const users = readInterests(await model.embedUsers(queries))
    expect(items.ids).toEqual(ids)
    for (let n = 0; n < 5; n++) {
      let score = 0
      for (let d = 0; d < 8; d++) score += users.vectors.data[d] * items.vectors.data[lists.items.values[n] * 8 + d]
      expect(lists.scores[n]).toBeCloseTo(score, 4)
    }
    await model.save(directory)
    const loaded = await loadAls(directory)
    expect(readRecommendations(await loaded.recommend(queries, { k: 5, excludeSeen: false }))).toEqual(lists)
  })

  test('counts an item that a history repeats once', async () => {
    const { data } = smallLog(35, 60, 80)
    const model = als({ factors: 8, alpha: 4 })
    await model.fit(data)
    const { data: users } = readInterests(await model.embedUsers(repeating)).vectors
    expect([...users.subarray(0, 8)]).toEqual([...users.subarray(8)])
    const [often, once] = await listsOfRepeating(model)
    expect(once.items).toHaveLength(80)
    expect(often).toEqual(once)
  })

  test('gives the same model for the same seed', async () => {
    const { data } = smallLog(33)
    const fit = async (seed: number) => {
      const model = als({ factors: 4, iterations: 2 })
      await model.fit(data, { seed })
      return readEmbeddings(await model.embedItems()).vectors.data
    }
    expect(await fit(1)).toEqual(await fit(1))
    expect(await fit(1)).not.toEqual(await fit(2))
  })

  test('stops when it is cancelled', async () => {
    const { data } = smallLog(34)
    const refused = als().fit(data, { signal: AbortSignal.abort() })
    await expect(refused).rejects.toSatisfy((error) => CancelledError.isInstance(error))
  })
})
