import { type Random, random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { type Cells, groupRows, NO_CELLS, withJoined } from './cells.ts'
import { compacted, readRows } from './compact.ts'
import { exactEngine } from './exact/exact-engine.ts'
import { idMap } from './id-map.ts'
import { living, type State } from './state.ts'
import { routeUser } from './user-route.ts'
import { emptyState, withRemoved, withUpserted } from './writer.ts'

const DIM = 5

function draw(source: Random, rows: number, centres = 6): Float32Array {
  const data = new Float32Array(rows * DIM)
  for (let r = 0; r < rows; r++) {
    const centre = source.int(centres)
    for (let d = 0; d < DIM; d++) data[r * DIM + d] = Math.sin(7 * centre + d) + 0.2 * source.normal()
  }
  return data
}

/** Mean and mean squared distance from it, per dimension, written out. */
function momentsOf(vectors: Float32Array): { mean: number[]; spread: number } {
  const rows = vectors.length / DIM
  const mean = Array.from({ length: DIM }, (_, d) => {
    let sum = 0
    for (let at = d; at < vectors.length; at += DIM) sum += vectors[at]
    return sum / rows
  })
  let squares = 0
  for (let at = 0; at < vectors.length; at++) squares += (vectors[at] - mean[at % DIM]) ** 2
  return { mean, spread: squares / rows / DIM }
}

function expectMoments(cells: Cells, cell: number, vectors: Float32Array): void {
  const { mean, spread } = momentsOf(vectors)
  for (let d = 0; d < DIM; d++) expect(cells.centres[cell * DIM + d]).toBeCloseTo(mean[d], 5)
  expect(cells.spreads[cell]).toBeCloseTo(spread, 5)
}

describe('groups of a shard', () => {
  it.each([1, 15, 16, 17, 300])('of %i rows are told by their true means and spreads', (rows) => {
    const vectors = draw(random(rows), rows)
    const { cells, order } = groupRows(vectors, DIM, 300, 7)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, r) => r))
    expect(cells.sorted).toBe(7 + rows)
    expect(cells.ends[cells.ends.length - 1]).toBe(7 + rows)
    expect(cells.ends.length).toBeGreaterThan(rows > 100 ? 10 : 0)
    for (const [cell, end] of cells.ends.entries()) {
      const from = cell > 0 ? cells.ends[cell - 1] - 7 : 0
      const own = Float32Array.from(
        [...order.subarray(from, end - 7)].flatMap((r) => [...vectors.subarray(r * DIM, r * DIM + DIM)]),
      )
      expect(own.length).toBeGreaterThan(0)
      expectMoments(cells, cell, own)
    }
  })

  it('lie closer together than the shard does', () => {
    const vectors = draw(random(1), 600)
    const { cells } = groupRows(vectors, DIM, 600)
    expect(Math.max(...cells.spreads)).toBeLessThan(0.5 * momentsOf(vectors).spread)
  })

  it('are found far from the origin too, and are never too many', () => {
    const vectors = draw(random(1), 600)
    const near = groupRows(vectors, DIM, 600)
    const far = groupRows(
      vectors.map((value) => value + 10_000),
      DIM,
      600,
    )
    expect(Math.max(...far.cells.spreads)).toBeLessThan(2 * Math.max(...near.cells.spreads))
    expect(groupRows(draw(random(2), 5000), DIM, 100).cells.ends.length).toBeLessThanOrEqual(128)
  })

  it('take what joins later at their end, however many times', () => {
    const first = draw(random(1), 80)
    const later = draw(random(2), 90)
    const { cells } = groupRows(first, DIM, 80)
    let grown = cells
    for (let at = 0; at < later.length; at += 9 * DIM) {
      grown = withJoined(grown, later.subarray(at, at + 9 * DIM), DIM, 80 + at / DIM + 9)
    }
    expect(grown.sorted).toBe(80)
    expect([...grown.ends]).toEqual([...cells.ends, 170])
    expect([...grown.centres.subarray(0, cells.centres.length)]).toEqual([...cells.centres])
    expectMoments(grown, cells.ends.length, later)
  })

  it('are none where there are no rows', () => {
    expect(groupRows(new Float32Array(0), DIM, 0)).toEqual({ cells: NO_CELLS, order: new Int32Array(0) })
  })
})

const SCORE = { metric: 'dot' as const, scale: 1 }

/** An index that was written to many times. */
async function written(seed: number, compactAt: number) {
  const source = random(seed)
  const engine = exactEngine(DIM, 'Flat', {})
  const ids = idMap()
  let state = emptyState(DIM)
  for (let write = 0; write < 12; write++) {
    const rows = 1 + source.int(90)
    const taken = source.shuffle(Int32Array.from({ length: 400 }, (_, i) => i)).slice(0, rows)
    const vectors = draw(source, rows)
    const codes = Array.from(taken, () => source.int(4))
    const embeddings = {
      items: taken,
      ids: Array.from(taken, String),
      vectors: { data: vectors, rows, dim: DIM },
      score: SCORE,
    }
    state = await withUpserted(state, engine, ids, embeddings, codes)
    if (source.next() < 0.3) state = withRemoved(state, ids, taken.subarray(0, 5)).state
    state.routing.cells.load(state)
    state = (await compacted(state, engine, ids, compactAt, 4)).state
  }
  return { state, ids }
}

async function liveVectors(state: State, shard: number, from: number, to: number): Promise<Float32Array> {
  const rows: number[] = []
  for (let row = from; row < to; row++) if (state.shards[shard].dead?.[row] !== 1) rows.push(row)
  return readRows(state.shards[shard], Int32Array.from(rows), DIM)
}

describe('the list of all groups', () => {
  it.each([0.1, 1])('has every live row once, after any writes, compacted at %d', async (compactAt) => {
    for (let seed = 1; seed <= 8; seed++) {
      const { state } = await written(seed, compactAt)
      const list = state.routing.cells.load(state)
      const fresh = (await import('./routing.ts')).routing(DIM).cells
      expect(fresh.load(state)).toEqual(list)
      const seen = new Set<number>()
      let at = 0
      for (const shard of state.shards) {
        let from = 0
        for (const end of state.cells[shard.ordinal].ends) {
          expect([list.shards[at], list.from[at], list.to[at]]).toEqual([shard.ordinal, from, end])
          expect(list.rows[at]).toBe((await liveVectors(state, shard.ordinal, from, end)).length / DIM)
          for (let row = from; row < end; row++) if (shard.dead?.[row] !== 1) seen.add(shard.items[row])
          from = end
          at++
        }
        expect(from).toBe(shard.length)
        if (compactAt < 1)
          expect(shard.length - state.cells[shard.ordinal].sorted).toBeLessThanOrEqual(Math.max(4, 0.1 * shard.length))
      }
      expect(seen.size).toBe(state.size)
      // What a kernel says of the means is what they are.
      const query = draw(random(seed), 1)
      const products = new Float64Array(list.count)
      state.routing.cells.products(query, 0, products)
      const means = state.cells.flatMap(({ centres }) => [...centres])
      for (let cell = 0; cell < list.count; cell++) {
        let sum = 0
        for (let d = 0; d < DIM; d++) sum += query[d] * means[cell * DIM + d]
        expect(products[cell]).toBeCloseTo(sum, 4)
      }
    }
  })
})

it('a shard that another machine keeps is not rewritten for what joined it', async () => {
  const engine = exactEngine(DIM, 'Flat', {})
  const ids = idMap()
  const rowsOf = (from: number, rows: number) => ({
    items: Int32Array.from({ length: rows }, (_, i) => from + i),
    ids: Array.from({ length: rows }, (_, i) => `i${from + i}`),
    vectors: { data: draw(random(from), rows), rows, dim: DIM },
    score: SCORE,
  })
  const codes = new Array<number>(100).fill(3)
  let state = await withUpserted(emptyState(DIM), engine, ids, rowsOf(1, 50), codes)
  state = await withUpserted(state, engine, ids, rowsOf(51, 50), codes)
  const remote = { ...engine, remote: () => ({ address: 'there', collection: 'items' }) }
  expect((await compacted(state, remote, ids, 0, 0)).old).toHaveLength(0)
  expect((await compacted(state, engine, ids, 0, 0)).old).toHaveLength(1)
})

/** The choice of cells, written out: densities by bisection alone, everything sorted. */
function plainChoice(state: State, vectors: Float32Array, priors: number[], scale: number, k: number, soft: boolean) {
  const cells = state.shards.flatMap((shard) => {
    const { ends, centres, spreads } = state.cells[shard.ordinal]
    return Array.from(ends, (to, c) => {
      const from = c > 0 ? ends[c - 1] : 0
      let rows = 0
      for (let row = from; row < to; row++) if (shard.dead?.[row] !== 1) rows++
      const mean = centres.subarray(c * DIM, (c + 1) * DIM)
      const parts = priors.map((prior, i) => {
        let dot = 0
        for (let d = 0; d < DIM; d++) dot += vectors[i * DIM + d] * mean[d]
        return prior + scale * dot
      })
      const best = parts.indexOf(Math.max(...parts))
      const sum = parts.reduce((all, part) => all + Math.exp(part), 0)
      const length = Math.hypot(...vectors.subarray(best * DIM, (best + 1) * DIM))
      const shares = parts.map((part) => Math.exp(part) / sum)
      return { rows, score: soft ? Math.log(sum) : parts[best], width: scale * length * Math.sqrt(spreads[c]), shares }
    })
  })
  const density = (cell: (typeof cells)[number], level: number) =>
    1 / (1 + Math.exp((1.702 * (level - cell.score)) / cell.width))
  let [low, high] = [-1000, 1000]
  for (let step = 0; step < 100; step++) {
    const level = (low + high) / 2
    const expected = cells.reduce((sum, cell) => sum + cell.rows * density(cell, level), 0)
    if (expected > k) low = level
    else high = level
  }
  return cells.map((cell, place) => ({ ...cell, place, density: density(cell, low) })).filter(({ rows }) => rows > 0)
}

describe('the groups that a user looks into', () => {
  it.each([true, false])(
    'are those of which most is expected, interests taken together (mixture: %s)',
    async (soft) => {
      for (let seed = 1; seed <= 6; seed++) {
        const { state } = await written(seed, 0.3)
        const priors = [-0.3, -1.5, -3]
        const vectors = draw(random(50 + seed), 3)
        const [k, rows, scale] = [10, 60, 3]
        const { routes, cells } = routeUser(state, { vectors, at: 0, priors, scale }, k, rows, soft)
        const plain = plainChoice(state, vectors, priors, scale, k, soft).sort((a, b) => b.density - a.density)
        let taken = 0
        const chosen = plain.filter((cell) => {
          const wanted = taken < rows
          if (wanted) taken += cell.rows
          return wanted
        })
        const first = state.shards.length
        const planned = routes.map((route) => Array.from({ length: route.looks }, () => route.next() - first))
        // The level is found to within .1 % of k rows: groups that are as good as level may change places.
        const union = plain.filter(({ place }) => planned.some((own) => own.includes(place)))
        expect(union.length).toBe(new Set(planned.flat()).size)
        const least = chosen[chosen.length - 1].density
        for (const cell of union) expect(cell.density).toBeGreaterThan(0.99 * least)
        for (const cell of plain) if (cell.density > 1.01 * least) expect(union).toContain(cell)
        for (const [i, own] of planned.entries()) {
          const concerned = union.filter(({ shares }) => shares[i] >= 0.05 || shares[i] === Math.max(...shares))
          expect(new Set(own)).toEqual(new Set(concerned.map(({ place }) => place)))
        }
        // Then come all others, the same for every interest, and nothing twice.
        const rest = routes.map((route) => {
          const places: number[] = []
          while (route.open) places.push(route.next() - first)
          expect(route.next()).toBe(-1)
          return places
        })
        expect(rest[1]).toEqual(rest[0])
        expect(new Set([...planned.flat(), ...rest[0]]).size).toBe(plain.length)
        expect(rest[0].length).toBe(plain.length - union.length)
        let live = 0
        for (let cell = 0; cell < cells.count; cell++) live += cells.rows[cell]
        expect(live).toBe(state.shards.reduce((sum, shard) => sum + living(shard), 0))
      }
    },
  )
})
