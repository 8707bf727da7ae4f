import type { CellList } from './cell-table.ts'
import type { Route } from './router.ts'
import type { State } from './state.ts'

/** A user's interests, as far as the choice of cells needs them. */
export interface UserInterests {
  vectors: Float32Array
  /** Where the first one's vector begins. */
  at: number
  /** `log p` of each. */
  priors: ArrayLike<number>
  scale: number
}

/** Steepness of the logistic function that is nearest to the normal distribution: they differ by .0095 at most. */
const LOGISTIC = 1.702
/** An interest looks into a cell in which it has at least this share of what is expected there. */
const LEAST_SHARE = 0.05
/** How far the rows expected above the level may be off, as a share. */
const ENOUGH = 0.001
/** Cells are put into so many bins by the logarithm of their density, so that only the best have to be sorted. */
const BINS = 64
const BINS_PER_LOG = 4

// Filled and read while one user's cells are chosen, never later: the next user's scores lie in the same place.
let products = new Float64Array(0)
let shares = new Float64Array(0)
let scores = new Float64Array(0)
let widths = new Float64Array(0)
let densities = new Float64Array(0)

function reserve(cells: number, interests: number): void {
  if (products.length < cells * interests) {
    products = new Float64Array(cells * interests)
    shares = new Float64Array(cells * interests)
  }
  if (scores.length >= cells) return
  scores = new Float64Array(cells)
  widths = new Float64Array(cells)
  densities = new Float64Array(cells)
}

/**
 * Chooses cells for all interests of a user together: those of whose rows the largest share can be expected among the
 * user's `k` best items.
 *
 * The scores of a cell's rows are taken as spread around the score of its mean, `x = log sum_c p_c exp(scale u_c . m)`, by
 * `w = scale |u_c| s`, c being the interest that scores it best; so of its rows a share of `1 / (1 + exp(1.702 (t - x) / w))`
 * is above t, the cell's density. The level t is that above which k rows are expected in the whole catalogue.
 *
 * @param soft whether items are ranked by the sum over interests, or by the best of them
 * @param rows how many rows are looked at, at least
 * @returns a route for each interest, through places of the list of cells: the chosen cells that it has to do with, the
 * densest first, then all others
 */
export function routeUser(
  state: State,
  user: UserInterests,
  k: number,
  rows: number,
  soft: boolean,
): { routes: Route[]; cells: CellList } {
  const cells = findDensities(state, user, k, soft)
  const interests = user.priors.length
  const chosen = densest(cells, rows)
  const own = Array.from({ length: interests }, (): number[] => [])
  const first = state.shards.length
  for (const cell of chosen) {
    let best = 0
    for (let i = 1; i < interests; i++) {
      if (shares[i * cells.count + cell] > shares[best * cells.count + cell]) best = i
    }
    for (let i = 0; i < interests; i++) {
      if (i === best || shares[i * cells.count + cell] >= LEAST_SHARE) own[i].push(first + cell)
    }
  }
  let filled = 0
  for (let cell = 0; cell < cells.count; cell++) if (cells.rows[cell] > 0) filled++
  // Few users need the others. They are found anew then, so that nothing has to be kept for the rest.
  let others: number[] | undefined
  const other = (n: number) => {
    others ??= othersOf(state, user, k, soft, new Set(chosen))
    return first + others[n]
  }
  return { routes: own.map((places) => follow(places, filled - chosen.length, other)), cells }
}

/** Writes the density of every cell. */
function findDensities(state: State, user: UserInterests, k: number, soft: boolean): CellList {
  const cells = state.routing.cells.load(state)
  reserve(cells.count, user.priors.length)
  scoreCells(state, cells, user, soft)
  const level = levelOf(cells.rows, cells.count, k)
  for (let cell = 0; cell < cells.count; cell++) densities[cell] = above(scores[cell], widths[cell], level)
  return cells
}

/** The densest cells first; of those that are alike, the one whose mean scores better. */
function byDensity(a: number, b: number): number {
  return densities[b] - densities[a] || scores[b] - scores[a] || a - b
}

const binOf = (density: number) => Math.min(BINS - 1, Math.floor(-BINS_PER_LOG * Math.log(density)))

/** The densest cells that hold so many rows. */
function densest({ count, rows }: CellList, wanted: number): number[] {
  const held = new Float64Array(BINS)
  for (let cell = 0; cell < count; cell++) if (rows[cell] > 0) held[binOf(densities[cell])] += rows[cell]
  let last = 0
  for (let taken = held[0]; taken < wanted && last < BINS - 1; ) taken += held[++last]
  const cells: number[] = []
  for (let cell = 0; cell < count; cell++) if (rows[cell] > 0 && binOf(densities[cell]) <= last) cells.push(cell)
  cells.sort(byDensity)
  let taken = 0
  let chosen = 0
  while (chosen < cells.length && taken < wanted) taken += rows[cells[chosen++]]
  return cells.slice(0, chosen)
}

function othersOf(state: State, user: UserInterests, k: number, soft: boolean, chosen: ReadonlySet<number>): number[] {
  const { count, rows } = findDensities(state, user, k, soft)
  const cells: number[] = []
  for (let cell = 0; cell < count; cell++) if (rows[cell] > 0 && !chosen.has(cell)) cells.push(cell)
  return cells.sort(byDensity)
}

/** Writes the score and width of every cell, and the share that each interest has in it. */
function scoreCells(
  { dim, routing }: State,
  { count: cells, deviations }: CellList,
  { vectors, at, priors, scale }: UserInterests,
  soft: boolean,
): void {
  const lengths = new Float64Array(priors.length)
  for (let i = 0; i < priors.length; i++) {
    routing.cells.products(vectors, at + i * dim, products.subarray(i * cells, (i + 1) * cells))
    let squares = 0
    for (let d = at + i * dim; d < at + (i + 1) * dim; d++) squares += vectors[d] ** 2
    lengths[i] = scale * Math.sqrt(squares)
  }
  for (let cell = 0; cell < cells; cell++) {
    let best = 0
    let highest = Number.NEGATIVE_INFINITY
    for (let i = 0, p = cell; i < priors.length; i++, p += cells) {
      const score = priors[i] + scale * products[p]
      products[p] = score
      if (score > highest) {
        highest = score
        best = i
      }
    }
    let sum = 0
    for (let p = cell, i = 0; i < priors.length; i++, p += cells) sum += shares[p] = Math.exp(products[p] - highest)
    for (let p = cell, i = 0; i < priors.length; i++, p += cells) shares[p] /= sum
    scores[cell] = soft ? highest + Math.log(sum) : highest
    widths[cell] = lengths[best] * deviations[cell]
  }
}

/** Share of the rows of a cell that are expected above a level. */
function above(score: number, width: number, level: number): number {
  if (width < 1e-9) return score >= level ? 1 : 0
  return 1 / (1 + Math.exp((LOGISTIC * (level - score)) / width))
}

/** The level above which `k` rows are expected, by bisection that Newton's step on the logarithm cuts short. */
function levelOf(rows: Int32Array, cells: number, k: number): number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let cell = 0; cell < cells; cell++) {
    if (rows[cell] === 0) continue
    low = Math.min(low, scores[cell] - 8 * widths[cell] - 1e-6)
    high = Math.max(high, scores[cell] + 8 * widths[cell] + 1e-6)
  }
  let level = (low + high) / 2
  for (let step = 0; step < 60; step++) {
    let expected = 0
    let slope = 0
    for (let cell = 0; cell < cells; cell++) {
      const share = above(scores[cell], widths[cell], level)
      const count = rows[cell] * share
      expected += count
      if (widths[cell] >= 1e-9) slope += (count * (1 - share) * LOGISTIC) / widths[cell]
    }
    if (Math.abs(expected - k) <= ENOUGH * k) break
    if (expected > k) low = level
    else high = level
    const newton = level + (Math.log(expected / k) * expected) / slope
    // A cell of one row is a step, at which Newton's would creep: each third one halves.
    level = step % 3 < 2 && newton > low && newton < high ? newton : (low + high) / 2
  }
  return level
}

function follow(own: readonly number[], further: number, other: (n: number) => number): Route {
  let taken = 0
  return {
    looks: own.length,
    get open() {
      return taken < own.length + further
    },
    next() {
      if (taken >= own.length + further) return -1
      const at = taken++
      return at < own.length ? own[at] : other(at - own.length)
    },
  }
}
