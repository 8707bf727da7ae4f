import { InvalidInputError, itemsKey, makeInteractions, makeItems, parseOptions, random } from '@sparc/tables'
import { type Dataset, fingerprint } from '../dataset.ts'
import { type Catalogue, makeCatalogue } from './catalogue.ts'
import { choose } from './choose.ts'
import { type SyntheticWorldOptions, worldSchema } from './options.ts'
import { intentOf, makePerson, type Person } from './person.ts'
import { type GroundTruth, type LogRows, truthTables } from './truth.ts'

/** A data set that was made, with what only its maker knows. */
export interface SyntheticWorld extends Dataset {
  truth: GroundTruth
}

/** Renumbers items by first appearance in the log; those that nobody used come last. */
function byAppearance(log: LogRows, items: number): Int32Array {
  const rows = new Int32Array(items).fill(-1)
  let next = 0
  for (const item of log.items) if (rows[item] < 0) rows[item] = next++
  for (let item = 0; item < items; item++) if (rows[item] < 0) rows[item] = next++
  return rows
}

function permuted<T>(values: ArrayLike<T>, rows: Int32Array): T[] {
  const result: T[] = new Array(values.length)
  rows.forEach((row, item) => {
    result[row] = values[item]
  })
  return result
}

function checkOptions({ items, interests, start, end }: Setup['options']): void {
  if (interests > items) {
    throw new InvalidInputError('TOO_FEW_ITEMS', {
      what: 'A world needs an item for each interest',
      given: `${items} items, ${interests} interests`,
      next: 'Give more items, or fewer interests.',
    })
  }
  if (start.getTime() >= end.getTime()) {
    throw new InvalidInputError('INVALID_OPTION', {
      what: 'A world must begin before it ends',
      given: `${start.toISOString()} to ${end.toISOString()}`,
      next: 'Move "start" or "end".',
    })
  }
}

function live(person: Person, user: number, catalogue: Catalogue, log: LogRows, setup: Setup): void {
  const { options, source } = setup
  const had = new Set<number>()
  for (let step = 0; step < person.times.length; step++) {
    const followed = person.interests[intentOf(person, step, source)]
    const strays = source.next() < options.noise
    const intent = strays ? catalogue.interests[catalogue.all.draw(source)] : followed
    const again = had.size > 0 && source.next() < options.repeat
    const choice = again
      ? { slate: [[...had][source.int(had.size)]], position: 0 }
      : choose(options, catalogue, intent, person.brands, person.times[step], had, source)
    if (!choice) continue
    const item = choice.slate[choice.position]
    had.add(item)
    if (options.impressions) {
      choice.slate.forEach((shown, position) => {
        log.impressions.push({ row: log.items.length, item: shown, position })
      })
    }
    log.users.push(user)
    log.items.push(item)
    log.times.push(person.times[step])
    log.interests.push(intent)
    log.strays.push(strays ? 1 : 0)
    log.sessions.push(person.sessions[step])
    log.positions.push(choice.position)
  }
}

interface Setup {
  options: ReturnType<typeof worldSchema.parse>
  source: ReturnType<typeof random>
}

/**
 * Makes a world with known interests: for tests, and for a machine with no data. Users have several latent interests
 * (leaf categories) that begin, drift and end; items have category paths, brands, titles, birth times and a long-tailed
 * attractiveness; what a user takes depends on what it was shown, and where. The same options give the same world.
 *
 * @returns a data set, with the ground truth as tables
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`, `TOO_FEW_ITEMS`
 *
 * @example
 * const world = makeSyntheticWorld({ seed: 7, users: 500, items: 300 })
 * const { train, test } = splitByUser(world)
 * world.truth.interactions // row by row: the interest that each interaction followed
 */
export function makeSyntheticWorld(given: SyntheticWorldOptions = {}): SyntheticWorld {
  const options = parseOptions(worldSchema, given, 'options of makeSyntheticWorld')
  checkOptions(options)
  const base = random(options.seed)
  const catalogue = makeCatalogue(options, base.fork('items'))
  const people: Person[] = []
  const log: LogRows = {
    users: [],
    items: [],
    times: [],
    interests: [],
    strays: [],
    sessions: [],
    positions: [],
    impressions: [],
  }
  for (let user = 0; user < options.users; user++) {
    const source = base.fork(`user ${user}`)
    people.push(makePerson(options, catalogue, source))
    live(people[user], user, catalogue, log, { options, source })
  }
  const rows = byAppearance(log, options.items)
  const ids = permuted(catalogue.ids, rows)
  const items = makeItems({
    ids,
    strings: { title: permuted(catalogue.titles, rows), brand: permuted(catalogue.brands, rows) },
    lists: { categories: permuted(catalogue.paths, rows) },
  })
  const interactions = {
    userIds: Array.from({ length: options.users }, (_, user) => `user-${String(user).padStart(6, '0')}`),
    users: Int32Array.from(log.users),
    items: Int32Array.from(log.items, (item) => rows[item]),
    timestamps: Float64Array.from(log.times),
    itemsKey: itemsKey(ids),
  }
  const world = { ...options, start: options.start.getTime(), end: options.end.getTime() }
  const prepared = { seed: options.seed, duplicates: 'keep' as const, world }
  return {
    name: options.name,
    items,
    interactions: makeInteractions(interactions),
    time: 'known',
    fingerprint: fingerprint(items, interactions, prepared),
    options: prepared,
    counts: {
      read: log.items.length,
      broken: 0,
      filtered: 0,
      duplicates: 0,
      sparse: 0,
      users: options.users,
      items: options.items,
      interactions: log.items.length,
    },
    notes: ['This data was made by a program: its numbers say nothing about real users.'],
    truth: truthTables(catalogue, people, log, rows, interactions.userIds),
  }
}
