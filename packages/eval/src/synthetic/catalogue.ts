import type { Random } from '@sparc/tables'
import type { WorldOptions } from './options.ts'
import { longTail, type Sampler, sampler } from './sampling.ts'

/** The items of a world, before anybody has used them: entry `i` of every array is item `i`. */
export interface Catalogue {
  ids: string[]
  titles: string[]
  brands: string[]
  paths: string[][]
  /** The leaf category, which is the latent interest. */
  interests: Int32Array
  /** How attractive the item is, apart from any user. */
  weights: Float64Array
  /** Milliseconds. */
  born: Float64Array
  /** The items of each interest, by attractiveness. */
  byInterest: Sampler[]
  /** All items, by attractiveness. */
  all: Sampler
  departments: Int32Array
  categories: Int32Array
  /** The path of each interest. */
  interestPaths: string[][]
  brandsOf: string[][]
}

const DEPARTMENTS = ['Garden', 'Kitchen', 'Music', 'Sport', 'Books', 'Care', 'Games', 'Tools']
const CATEGORIES = ['Basics', 'Classics', 'Outdoor', 'Travel', 'Gifts', 'Studio', 'Family', 'Workshop']
const LEAVES = ['Blue', 'Amber', 'Green', 'Silver', 'Coral', 'Ivory', 'Violet', 'Slate']
const THINGS = ['Set', 'Kit', 'Guide', 'Case', 'Lamp', 'Box', 'Brush', 'Band', 'Cup', 'Bag', 'Clock', 'Stand']
const QUALITIES = ['Small', 'Large', 'Quiet', 'Bright', 'Folding', 'Plain', 'Soft', 'Sturdy', 'Light', 'Deep']
const SYLLABLES = ['ka', 'lo', 'mi', 'ren', 'ta', 'vo', 'sun', 'del', 'ar', 'no', 'fi', 'bel']
const BRANDS_PER_DEPARTMENT = 8

function brand(source: Random): string {
  const word = Array.from({ length: 2 + source.int(2) }, () => SYLLABLES[source.int(SYLLABLES.length)]).join('')
  return word[0].toUpperCase() + word.slice(1)
}

function named(list: readonly string[], index: number): string {
  const round = Math.floor(index / list.length)
  return list[index % list.length] + (round > 0 ? ` ${round + 1}` : '')
}

/** Three levels of categories: about the square root of the interests are departments, four leaves make a category. */
function interestPath(interest: number, departments: number): { path: string[]; department: number; category: number } {
  const department = interest % departments
  const within = Math.floor(interest / departments)
  const category = Math.floor(within / 4)
  const root = named(DEPARTMENTS, department)
  const middle = `${root} ${named(CATEGORIES, category)}`
  return {
    path: [root, middle, `${middle} ${named(LEAVES, within % 4)}`],
    department,
    category: category * departments + department,
  }
}

export function makeCatalogue(options: WorldOptions, source: Random): Catalogue {
  const { items, interests, bornBefore } = options
  const departments = Math.max(1, Math.round(Math.sqrt(interests / 2)))
  const paths = Array.from({ length: interests }, (_, interest) => interestPath(interest, departments))
  const brandsOf = Array.from({ length: departments }, () =>
    Array.from({ length: BRANDS_PER_DEPARTMENT }, () => brand(source)),
  )
  const span = options.end.getTime() - options.start.getTime()
  const interestOf = new Int32Array(items)
  const weights = new Float64Array(items)
  const born = new Float64Array(items)
  const titles: string[] = []
  const brands: string[] = []
  const members: number[][] = Array.from({ length: interests }, () => [])
  for (let item = 0; item < items; item++) {
    const interest = item < interests ? item : source.int(interests)
    const of = brandsOf[paths[interest].department]
    const maker = of[Math.floor(of.length * source.next() ** 1.5)]
    interestOf[item] = interest
    members[interest].push(item)
    weights[item] = longTail(source, options.popularity)
    // The first of each interest is there from the start, so that no interest is ever empty.
    const old = item < interests || source.next() < bornBefore
    born[item] = options.start.getTime() + (old ? -source.next() : source.next() * 0.95) * span
    brands.push(maker)
    titles.push(
      `${maker} ${QUALITIES[source.int(QUALITIES.length)]} ${named(LEAVES, interest % 8)} ${THINGS[source.int(THINGS.length)]}`,
    )
  }
  const weigh = (item: number) => weights[item]
  return {
    ids: Array.from({ length: items }, (_, item) => `item-${String(item).padStart(6, '0')}`),
    titles,
    brands,
    paths: Array.from(interestOf, (interest) => paths[interest].path),
    interests: interestOf,
    weights,
    born,
    byInterest: members.map((list) => sampler(Int32Array.from(list), weigh)),
    all: sampler(
      Int32Array.from({ length: items }, (_, item) => item),
      weigh,
    ),
    departments: Int32Array.from(paths, ({ department }) => department),
    categories: Int32Array.from(paths, ({ category }) => category),
    interestPaths: paths.map(({ path }) => path),
    brandsOf,
  }
}
