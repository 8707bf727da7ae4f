import type { CellList } from './cell-table.ts'
import type { Route } from './router.ts'
import type { State } from './state.ts'

/** A user's interests, as far as the choice of shards needs them. */
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
/** Cells with a smaller share of their rows above the level are looked at only where the others are too few. */
const UNLIKELY = 1e-4

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
 * is above t. The level t is that above which k rows are expected in the whole catalogue.
 *
 * @param soft whether items are ranked by the sum over interests, or by the best of them
 * @param rows how many rows are looked at, at least
 * @returns a route for each interest, through places of the list of cells: the chosen cells that it has to do with, the best first, then all others
 */
export function routeUser(
  state: State,
  user: UserInterests,
  k: number,
  rows: number,
  soft: boolean,
): { routes: Route[]; cells: CellList } {
  const table = state.routing.cells.load(state)
  const interests = user.priors.length
  const { count } = table
  reserve(count, interests)
  scoreCells(state, table, user, soft)
  const level = levelOf(table.rows, count, k)
  const likely: number[] = []
  const unlikely: number[] = []
  let most = 0
  for (let cell = 0; cell < count; cell++) {
    if (table.rows[cell] === 0) continue
    densities[cell] = above(scores[cell], widths[cell], level)
    if (densities[cell] < UNLIKELY) unlikely.push(cell)
    else {
      likely.push(cell)
      most += table.rows[cell]
    }
  }
  const byScore = (cells: number[]) => {
    const keys = Float64Array.from(cells, (cell) => densities[cell])
    const ties = Float64Array.from(cells, (cell) => scores[cell])
    const order = Array.from(cells, (_, i) => i)
    return order.sort((a, b) => keys[b] - keys[a] || ties[b] - ties[a] || a - b).map((i) => cells[i])
  }
  const order = byScore(likely)
  // Shared by the routes of all interests: they widen together.
  let further: number[] | undefined = unlikely
  const all = () => {
    if (further) for (const cell of byScore(further)) order.push(cell)
    further = undefined
    return order
  }
  if (most < rows) all()
  let chosen = 0
  for (let taken = 0; chosen < order.length && taken < rows; chosen++) taken += table.rows[order[chosen]]
  const total = likely.length + unlikely.length
  const first = state.shards.length
  const routes = Array.from({ length: interests }, (_, i) => {
    const own: number[] = []
    for (let n = 0; n < chosen; n++) if (concerns(i, order[n], interests, count)) own.push(first + order[n])
    return follow(own, total - chosen, (n) => first + all()[chosen + n])
  })
  return { routes, cells: table }
}

/** Whether an interest has to do with a cell: it has a fair share of it, or no other has a larger one. */
function concerns(interest: number, cell: number, interests: number, cells: number): boolean {
  const share = shares[interest * cells + cell]
  if (share >= LEAST_SHARE) return true
  for (let other = 0; other < interests; other++) if (shares[other * cells + cell] > share) return false
  return true
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
    let most = Number.NEGATIVE_INFINITY
    for (let i = 0, p = cell; i < priors.length; i++, p += cells) {
      const score = priors[i] + scale * products[p]
      products[p] = score
      if (score > most) {
        most = score
        best = i
      }
    }
    let sum = 0
    for (let p = cell, i = 0; i < priors.length; i++, p += cells) sum += shares[p] = Math.exp(products[p] - most)
    for (let p = cell, i = 0; i < priors.length; i++, p += cells) shares[p] /= sum
    scores[cell] = soft ? most + Math.log(sum) : most
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
