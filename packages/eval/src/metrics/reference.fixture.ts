/** Every metric written as its definition reads, for one list or for all: slow, and easy to check by eye. */
export interface World {
  size: number
  /** Categories of each item, from root to leaf. */
  categories: string[][]
  /** Items of each training user. */
  train: number[][]
}

export interface PlainCase {
  list: number[]
  targets: number[]
  history: number[]
}

const unique = (values: number[]) => [...new Set(values)]
const average = (values: number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
const isHit = ({ targets }: PlainCase, item: number) => targets.includes(item)
const hitsIn = (given: PlainCase, k: number) => given.list.slice(0, k).filter((item) => isHit(given, item)).length

function dcg(relevances: number[]): number {
  return relevances.reduce((sum, relevance, at) => sum + relevance / Math.log2(at + 2), 0)
}

function dcgAt(given: PlainCase, k: number): number {
  return dcg(given.list.slice(0, k).map((item) => (isHit(given, item) ? 1 : 0)))
}

/** Metrics that compare with targets, of one case that has some. */
export const targetMetrics: Record<string, (given: PlainCase, k: number) => number> = {
  recall: (given, k) => hitsIn(given, k) / unique(given.targets).length,
  precision: (given, k) => hitsIn(given, k) / k,
  hitRate: (given, k) => (hitsIn(given, k) > 0 ? 1 : 0),
  mrr: (given, k) => {
    const rank = given.list.slice(0, k).findIndex((item) => isHit(given, item))
    return rank < 0 ? 0 : 1 / (rank + 1)
  },
  map: (given, k) => {
    const precisions = given.list
      .slice(0, k)
      .map((item, rank) => (isHit(given, item) ? hitsIn(given, rank + 1) / (rank + 1) : 0))
    return precisions.reduce((sum, p) => sum + p, 0) / Math.min(unique(given.targets).length, k)
  },
  ndcg: (given, k) => {
    const ideal = Array.from({ length: Math.min(unique(given.targets).length, k) }, () => 1)
    return dcgAt(given, k) / dcg(ideal)
  },
  ndcgOverHits: (given, k) => {
    const hits = hitsIn(given, k)
    return hits === 0 ? 0 : dcgAt(given, k) / dcg(Array.from({ length: hits }, () => 1))
  },
}

function pairMean(items: number[], distance: (a: number, b: number) => number): number | null {
  return average(items.flatMap((a, at) => items.slice(at + 1).map((b) => distance(a, b))))
}

const usersOf = (world: World, item: number) => world.train.filter((items) => items.includes(item))

/** Metrics of one list that is not empty; null where they say nothing. */
export const listMetrics: Record<string, (given: PlainCase, k: number, world: World) => number | null> = {
  leafDiversity: ({ list }, k, { categories }) =>
    pairMean(
      list.slice(0, k).filter((item) => categories[item].length > 0),
      (a, b) => (categories[a].at(-1) === categories[b].at(-1) ? 0 : 1),
    ),
  categoryDiversity: ({ list }, k, { categories }) =>
    pairMean(
      list.slice(0, k).filter((item) => categories[item].length > 0),
      (a, b) => {
        const both = new Set([...categories[a], ...categories[b]])
        const common = [...both].filter((name) => categories[a].includes(name) && categories[b].includes(name))
        return 1 - common.length / both.size
      },
    ),
  coOccurrenceDiversity: ({ list }, k, world) =>
    pairMean(
      list.slice(0, k).filter((item) => usersOf(world, item).length > 0),
      (a, b) => {
        const both = usersOf(world, a).filter((items) => items.includes(b)).length
        return 1 - both / Math.sqrt(usersOf(world, a).length * usersOf(world, b).length)
      },
    ),
  novelty: ({ list }, k, world) =>
    average(list.slice(0, k).map((item) => Math.log2(world.train.length / Math.max(1, usersOf(world, item).length)))),
}

const trainCount = (world: World, item: number) => world.train.flat().filter((other) => other === item).length

/** Metrics of all lists together. */
export const overallMetrics: Record<string, (cases: PlainCase[], k: number, world: World) => number | null> = {
  coverage: (cases, k, { size }) => unique(cases.flatMap(({ list }) => list.slice(0, k))).length / size,
  gini: (cases, k, { size }) => {
    const shown = cases.flatMap(({ list }) => list.slice(0, k))
    const counts = Array.from({ length: size }, (_, item) => shown.filter((other) => other === item).length)
    // Mean absolute difference over twice the mean: the definition, of which the sorted sum is a shorter way.
    const differences = counts.flatMap((a) => counts.map((b) => Math.abs(a - b)))
    return shown.length === 0 ? null : average(differences)! / (2 * (shown.length / size))
  },
  popularityLift: (cases, k, world) => {
    const meanCount = (items: number[]) => average(items.map((item) => trainCount(world, item)))
    const listed = cases.filter(({ list }) => list.length > 0)
    const lists = average(listed.map(({ list }) => meanCount(list.slice(0, k))!))
    const histories = average(listed.flatMap(({ history }) => meanCount(history) ?? []))
    return lists === null || histories === null || histories === 0 ? null : lists / histories - 1
  },
}

/** The mean of a metric over cases as `evaluate` should report it. */
export function plainMean(name: string, k: number, cases: PlainCase[], world: World): number | null {
  const overall = overallMetrics[name]
  if (overall) return overall(cases, k, world)
  const ofTargets = targetMetrics[name]
  if (ofTargets) return average(cases.filter((given) => given.targets.length > 0).map((given) => ofTargets(given, k)))
  const values = cases.filter(({ list }) => list.length > 0).map((given) => listMetrics[name](given, k, world))
  return average(values.filter((value) => value !== null))
}

/** The long tail of the world and what recall and others are over those targets only. */
export function plainLongTail(name: string, k: number, cases: PlainCase[], world: World): number | null {
  const order = Array.from({ length: world.size }, (_, item) => item).sort(
    (a, b) => trainCount(world, b) - trainCount(world, a) || a - b,
  )
  const head = order.slice(0, Math.floor(0.2 * world.size))
  const tail = cases.map((given) => ({ ...given, targets: given.targets.filter((item) => !head.includes(item)) }))
  return plainMean(name, k, tail, world)
}
