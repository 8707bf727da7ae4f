import { Table, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow'
import type { Catalogue } from './catalogue.ts'
import type { Person } from './person.ts'

/** What only the maker of a world knows. Items are rows of the items table, interests are numbers from 0. */
export interface GroundTruth {
  /**
   * Row by row beside the interactions: `interest` that was followed, `stray` (1 where it was none of the user's),
   * `session` of the user and `position` in what was shown, both from 0.
   */
  interactions: Table
  /** `item`, its `interest`, `weight` (attractiveness apart from any user), `born`. */
  items: Table
  /** `interest` and its category `path`, joined by `|`. */
  interests: Table
  /** One row per interest that a user ever has: `user`, `interest`, `share` of its steps inside the log, 0 where it begins later. */
  userInterests: Table
  /** What a user will be interested in behind the end of the log: `user`, `interest`, `share` of its next steps. */
  futureInterests: Table
  /** Where asked for: all that was shown, `interaction` (a row), `item`, `position`, `taken`. */
  impressions?: Table
}

/** The log while it is written, items by their number in the catalogue. */
export interface LogRows {
  users: number[]
  items: number[]
  times: number[]
  interests: number[]
  strays: number[]
  sessions: number[]
  positions: number[]
  impressions: { row: number; item: number; position: number }[]
}

const ints = (values: ArrayLike<number>) => vectorFromArray(Int32Array.from(values))
const floats = (values: ArrayLike<number>) => vectorFromArray(Float64Array.from(values))
const strings = (values: string[]) => vectorFromArray(values, new Utf8())

/** The mean share of each of a person's interests in the steps `[from, to)`. */
function shares(person: Person, from: number, to: number): number[] {
  return person.interests.map((_, i) => {
    let sum = 0
    for (let step = from; step < to; step++) sum += person.weights[step][i]
    return sum / Math.max(1, to - from)
  })
}

function interestTable(people: Person[], userIds: string[], part: 'log' | 'future'): Table {
  const users: string[] = []
  const interests: number[] = []
  const held: number[] = []
  people.forEach((person, user) => {
    const length = person.times.length
    const found = part === 'log' ? shares(person, 0, length) : shares(person, length, length + person.future)
    found.forEach((value, i) => {
      if (part === 'future' && value === 0) return
      users.push(userIds[user])
      interests.push(person.interests[i])
      held.push(value)
    })
  })
  return new Table({ user: strings(users), interest: ints(interests), share: floats(held) })
}

export function truthTables(
  catalogue: Catalogue,
  people: Person[],
  log: LogRows,
  rows: Int32Array,
  userIds: string[],
): GroundTruth {
  const order = new Int32Array(rows.length)
  rows.forEach((row, item) => {
    order[row] = item
  })
  return {
    interactions: new Table({
      interest: ints(log.interests),
      stray: ints(log.strays),
      session: ints(log.sessions),
      position: ints(log.positions),
    }),
    items: new Table({
      item: ints(order.map((_, row) => row)),
      interest: ints(order.map((item) => catalogue.interests[item])),
      weight: floats(Array.from(order, (item) => catalogue.weights[item])),
      born: vectorFromArray(
        Array.from(order, (item) => Math.floor(catalogue.born[item])),
        new TimestampMillisecond(),
      ),
    }),
    interests: new Table({
      interest: ints(catalogue.interestPaths.map((_, interest) => interest)),
      path: strings(catalogue.interestPaths.map((path) => path.join('|'))),
    }),
    userInterests: interestTable(people, userIds, 'log'),
    futureInterests: interestTable(people, userIds, 'future'),
    impressions:
      log.impressions.length === 0
        ? undefined
        : new Table({
            interaction: ints(log.impressions.map(({ row }) => row)),
            item: ints(log.impressions.map(({ item }) => rows[item])),
            position: ints(log.impressions.map(({ position }) => position)),
            taken: ints(log.impressions.map(({ row, position }) => (log.positions[row] === position ? 1 : 0))),
          }),
  }
}
