import { random } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { exactEngine } from './exact/exact-engine.ts'
import { idMap } from './id-map.ts'
import { route } from './router.ts'
import type { State } from './state.ts'
import { emptyState, withUpserted } from './writer.ts'

const DIM = 3

interface Row {
  code: number
  vector: number[]
}

async function stateOf(rows: Row[], atOnce: number, codeword?: Float32Array): Promise<State> {
  const engine = exactEngine(DIM, 'Flat', {})
  const ids = idMap()
  let state = emptyState(DIM)
  for (let from = 0; from < rows.length; from += atOnce) {
    const part = rows.slice(from, from + atOnce)
    const embeddings = {
      items: Int32Array.from(part, (_, r) => from + r),
      ids: part.map((_, r) => `i${from + r}`),
      vectors: { data: Float32Array.from(part.flatMap(({ vector }) => vector)), rows: part.length, dim: DIM },
      score: { metric: 'dot' as const, scale: 1 },
    }
    const codes = part.map(({ code }) => code)
    state = await withUpserted(state, engine, ids, embeddings, codes, codeword && (() => codeword))
  }
  return state
}

const draw = random(5)
const around = (code: number, rows: number, centre: number[], width: number): Row[] =>
  Array.from({ length: rows }, () => ({ code, vector: centre.map((value) => value + width * draw.normal()) }))

describe('the order of shards', () => {
  test('begins with the own code, then goes by the best row to expect, not by the mean alone', async () => {
    const rows = [...around(1, 5, [1, 0, 0], 0.01), ...around(2, 200, [0.8, 0, 0], 0.3), ...around(3, 5, [-1, 0, 0], 1)]
    const state = await stateOf(rows, 1000)
    const order = (own: number | undefined) => {
      const on = route(state, Float32Array.of(1, 0, 0), 0, own, 4)
      return Array.from({ length: 4 }, () => on.next()).map((ordinal) => state.shards[ordinal]?.code)
    }
    expect(order(undefined)).toEqual([2, 1, 3, undefined])
    expect(order(state.ordinals.get(3))).toEqual([3, 2, 1, undefined])
  })

  test.each([undefined, Float32Array.of(0.5, 0, 1)])(
    'knows centre and spread as well after many writes as after one, with codeword %s',
    async (codeword) => {
      const rows = around(7, 300, [1, 2, 3], 2)
      const once = await stateOf(rows, 1000, codeword)
      const often = await stateOf(rows, 7, codeword)
      for (let d = 0; d < DIM; d++) {
        const values = rows.map(({ vector }) => vector[d])
        const centre = codeword?.[d] ?? values.reduce((a, b) => a + b) / 300
        const spread = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 300
        for (const { centroids, spreads } of [once, often]) {
          expect(centroids[d]).toBeCloseTo(centre, 4)
          expect(spreads[d]).toBeCloseTo(spread, 3)
        }
      }
    },
  )
})
