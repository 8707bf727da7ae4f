import type { Random } from '@sparc/tables'
import { addFeatureRows } from './add-feature-rows.ts'
import type { ItemFeatures } from './item-features.ts'
import { createRowMemory } from './row-memory.ts'
import type { AdamStep, Moments } from './training/adam.ts'
import { createLocator } from './training/locator.ts'

/**
 * Catalogue-sized parameters, kept outside of automatic differentiation: a step gathers the rows it needs, and updates
 * those rows only. The cost of a step is that of its batch, whatever the length of the catalogue.
 */
export interface EmbeddingTable {
  /** Items. */
  readonly rows: number
  readonly dim: number
  /** `[rows * dim]`, row major; rows of features, where there are any, come after those of items. */
  readonly values: Float32Array
  /** What else than its id describes an item. */
  readonly features?: ItemFeatures
  /** Adam's running means. */
  readonly moments: Moments
  /**
   * Writes the vectors of `count` items, any of them more than once, into `out` `[count, dim]`; item -1 is all zeros.
   *
   * @param bare items that are what their features say and nothing else; asked of items that have features
   */
  gather(rows: Int32Array, count: number, out: Float32Array, bare?: Bare): void
  /**
   * Adam on `count` items, each at most once in `rows`, with the gradient `[count, dim]`; item -1 is left out.
   * Rows that are not named, and own rows of `bare` items, keep their moments as they are (torch's SparseAdam).
   */
  update(rows: Int32Array, count: number, gradient: Float32Array, step: AdamStep, bare?: Bare): void
}

/** Whether an item goes without its own row. */
export type Bare = (item: number) => boolean

/** How a table begins. */
export interface TableStart {
  random: Random
  /** Standard deviation of drawn values. Default .05. */
  scale?: number
  /** `[rows * dim]` values of the item rows, or of all rows; drawn where absent. */
  values?: Float32Array
  features?: ItemFeatures
}

/**
 * An embedding table. With features, the vector of an item is its own row plus the mean row of each kind of feature it
 * has, `z_i = x_i + sum_kinds mean f`: an item that nobody used yet has a vector from what is known of it.
 *
 * @example
 * const table = createEmbeddingTable(20_000, 64, { random: random(1), scale: 0.05 })
 */
export function createEmbeddingTable(rows: number, dim: number, start: TableStart): EmbeddingTable {
  const { random, scale = 0.05, values: given, features } = start
  const memory = createRowMemory(rows + (features?.size ?? 0), dim)
  const { values } = memory
  values.set(given ?? [])
  for (let i = given?.length ?? 0; i < values.length; i++) values[i] = random.normal() * scale
  const featureValues = values.subarray(rows * dim)
  const locator = createLocator(features ? rows + features.size : 0)
  return {
    rows,
    dim,
    values,
    features,
    get moments() {
      return memory.moments()
    },
    gather(wanted, count, out, bare) {
      memory.gather(ownRows(wanted, count, features, bare), count, out)
      if (!features) return
      for (let r = 0; r < count; r++) {
        if (wanted[r] >= 0) addFeatureRows(features, wanted[r], featureValues, dim, out, r * dim)
      }
    },
    update(named, count, gradient, step, bare) {
      memory.adam(ownRows(named, count, features, bare), count, gradient, step)
      if (!features) return
      const of = featureGradient(features, rows, dim, named, count, gradient, locator)
      memory.adam(of.rows, of.count, of.gradient, step)
    },
  }
}

/** `wanted` with -1 in the place of items that go without their own row. */
function ownRows(wanted: Int32Array, count: number, features?: ItemFeatures, bare?: Bare): Int32Array {
  if (!features || !bare) return wanted
  const { offsets } = features.bags
  return wanted
    .subarray(0, count)
    .map((item) => (item >= 0 && offsets[item + 1] > offsets[item] && bare(item) ? -1 : item))
}

/** The gradient of each feature row that a batch of items has: what its items hand down, weighted. */
function featureGradient(
  { bags, weights }: ItemFeatures,
  items: number,
  dim: number,
  named: Int32Array,
  count: number,
  gradient: Float32Array,
  locator: ReturnType<typeof createLocator>,
): { rows: Int32Array; count: number; gradient: Float32Array } {
  let length = 0
  for (let r = 0; r < count; r++) if (named[r] >= 0) length += bags.offsets[named[r] + 1] - bags.offsets[named[r]]
  const wanted = new Int32Array(length)
  let at = 0
  for (let r = 0; r < count; r++) {
    if (named[r] < 0) continue
    for (let f = bags.offsets[named[r]]; f < bags.offsets[named[r] + 1]; f++) wanted[at++] = items + bags.values[f]
  }
  const local = new Int32Array(length)
  locator.begin()
  locator.locate(wanted, local)
  const sums = new Float32Array(locator.count * dim)
  at = 0
  for (let r = 0; r < count; r++) {
    if (named[r] < 0) continue
    const from = r * dim
    for (let f = bags.offsets[named[r]]; f < bags.offsets[named[r] + 1]; f++, at++) {
      const to = local[at] * dim
      for (let d = 0; d < dim; d++) sums[to + d] += weights[f] * gradient[from + d]
    }
  }
  return { rows: locator.rows, count: locator.count, gradient: sums }
}
