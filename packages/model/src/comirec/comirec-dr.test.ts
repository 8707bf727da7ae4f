import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import { vectorsOf } from '../plain.fixture.ts'
import { createInputs } from '../training/inputs.ts'
import { comirecDrOptions } from './comirec-dr.ts'
import { comirecDrNetwork } from './network-dr.ts'

beforeAll(ready)

/** Algorithm 1 of the paper for one history without padding: `e_kt = W_tk h_t`, three iterations from logits of zero. */
function interestsInLoops(
  history: number[][],
  map: (t: number, k: number) => number[][],
  interests: number,
): number[][] {
  const dim = history[0].length
  const mapped = Array.from({ length: interests }, (_, k) =>
    history.map((h, t) => Array.from({ length: dim }, (_, j) => h.reduce((sum, x, d) => sum + x * map(t, k)[d][j], 0))),
  )
  const logits = mapped.map((rows) => rows.map(() => 0))
  let vectors: number[][] = []
  for (let n = 0; n < 3; n++) {
    vectors = mapped.map((rows, k) => {
      const s = Array.from({ length: dim }, (_, d) =>
        rows.reduce((sum, row, t) => {
          const total = logits.reduce((all, own) => all + Math.exp(own[t]), 0)
          return sum + (Math.exp(logits[k][t]) / total) * row[d]
        }, 0),
      )
      const norm = Math.hypot(...s)
      return s.map((x) => (x * norm) / (1 + norm ** 2))
    })
    for (const [k, rows] of mapped.entries()) {
      for (const [t, row] of rows.entries()) logits[k][t] += row.reduce((sum, x, d) => sum + x * vectors[k][d], 0)
    }
  }
  return vectors
}

describe('ComiRec-DR', () => {
  it('routes each position through a map of its own for each interest, as the paper writes it out', () => {
    const options = comirecDrOptions.parse({ dim: 3, history: 4, interests: 2, normalize: false })
    const network = comirecDrNetwork(options, random(1))
    const draw = random(2)
    const maps = Float32Array.from({ length: 4 * 3 * 6 }, () => draw.normal())
    network.parameters.restore({ 'routing/maps': maps })
    const table = createEmbeddingTable(9, 3, { random: random(3), scale: 1 })
    const map = (t: number, k: number) =>
      [0, 1, 2].map((d) => Array.from(maps.subarray((t * 3 + d) * 6 + 3 * k, (t * 3 + d) * 6 + 3 * k + 3)))
    const full = [5, 0, 8, 2]
    for (const users of [
      [full],
      [full, [1, 7, 4, 3]],
      [full, [-1, -1, 6, 3]],
      [[-1, -1, -1, -1], full, [-1, 1, 2, 0]],
    ]) {
      const found = tf.tidy(() => {
        const items = Int32Array.from(users.flat())
        return network.users(createInputs(table).serving({ items, rows: users.length, length: 4 })).vectors.arraySync()
      })
      for (const [u, items] of users.entries()) {
        const own = items.filter((item) => item >= 0)
        const history = own.map(vectorsOf(table))
        const expected = own.length > 0 ? interestsInLoops(history, (t, k) => map(4 - own.length + t, k), 2) : undefined
        for (const k of [0, 1]) {
          for (const d of [0, 1, 2]) expect(found[u][k][d]).toBeCloseTo(expected?.[k][d] ?? 0, 4)
        }
      }
    }
    network.dispose()
  })
})
