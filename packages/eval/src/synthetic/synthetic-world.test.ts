import { readCases, readInteractions, readItems, readSequences, row } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint } from '../dataset.ts'
import { splitByUser } from '../splits/split-by-user.ts'
import { makeSyntheticWorld, marginals } from './index.ts'

const small = { users: 400, items: 300, interests: 12 }

function numbers(table: Table, name: string): number[] {
  return Array.from(table.getChild(name) ?? [], Number)
}

test('the same options give the same world, another seed another one', () => {
  const world = makeSyntheticWorld(small)
  expect(makeSyntheticWorld(small).fingerprint).toBe(world.fingerprint)
  expect(makeSyntheticWorld({ ...small, seed: 2 }).fingerprint).not.toBe(world.fingerprint)
  expect(fingerprint(world.items, world.interactions, world.options)).toBe(world.fingerprint)
})

test('a world is a data set: it splits, and its items have titles, brands and category paths', () => {
  const world = makeSyntheticWorld(small)
  const split = splitByUser(world)
  expect(split.train.numRows + split.validation.numRows + split.test.numRows).toBe(400)
  const items = readItems(world.items)
  expect(items.length).toBe(300)
  expect(items.lists('categories')?.every((path) => path.length === 3)).toBe(true)
  expect(items.strings('title')?.every((title) => title && title.length > 3)).toBe(true)
  expect(new Set(items.strings('brand')).size).toBeGreaterThan(5)
})

test('items are numbered by first appearance, and those that nobody used come last', () => {
  const { items } = readInteractions(makeSyntheticWorld({ ...small, items: 5000 }).interactions)
  let next = 0
  for (const item of items) {
    expect(item).toBeLessThanOrEqual(next)
    if (item === next) next++
  }
  expect(next).toBeLessThan(5000)
})

test('the ground truth lines up: interactions that do not stray mostly take an item of the interest they follow', () => {
  const { interactions, truth } = makeSyntheticWorld(small)
  const { items } = readInteractions(interactions)
  const interestOf = numbers(truth.items, 'interest')
  const followed = numbers(truth.interactions, 'interest')
  expect(followed.length).toBe(items.length)
  const hits = followed.filter((interest, r) => interestOf[items[r]] === interest).length
  expect(hits / items.length).toBeGreaterThan(0.85)
  const strays = numbers(truth.interactions, 'stray')
  expect(strays.reduce((sum, stray) => sum + stray, 0) / strays.length).toBeCloseTo(0.05, 1)
})

test('an interaction follows an interest that its user has, unless it strays', () => {
  const { interactions, truth } = makeSyntheticWorld(small)
  const { userIds, users } = readInteractions(interactions)
  const has = new Set<string>()
  const interests = numbers(truth.userInterests, 'interest')
  Array.from(truth.userInterests.getChild('user') ?? []).forEach((user, r) => {
    has.add(`${user} ${interests[r]}`)
  })
  const strays = numbers(truth.interactions, 'stray')
  numbers(truth.interactions, 'interest').forEach((interest, r) => {
    if (strays[r] === 0) expect(has.has(`${userIds[users[r]]} ${interest}`)).toBe(true)
  })
})

test('users have several interests, whose shares sum to 1 inside the log and behind it', () => {
  const { truth } = makeSyntheticWorld(small)
  for (const table of [truth.userInterests, truth.futureInterests]) {
    const sums = new Map<string, number>()
    const shares = numbers(table, 'share')
    Array.from(table.getChild('user') ?? []).forEach((user, r) => {
      sums.set(String(user), (sums.get(String(user)) ?? 0) + shares[r])
    })
    expect(sums.size).toBe(400)
    for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 9)
  }
  expect(truth.userInterests.numRows / 400).toBeGreaterThan(2)
})

test('interests end and new ones appear: the future of many users is not their past', () => {
  const { truth } = makeSyntheticWorld(small)
  const past = new Map<string, number>()
  const pastShares = numbers(truth.userInterests, 'share')
  const interests = numbers(truth.userInterests, 'interest')
  Array.from(truth.userInterests.getChild('user') ?? []).forEach((user, r) => {
    past.set(`${user} ${interests[r]}`, pastShares[r])
  })
  const ahead = numbers(truth.futureInterests, 'interest')
  const fresh = Array.from(truth.futureInterests.getChild('user') ?? []).filter(
    (user, r) => past.get(`${user} ${ahead[r]}`) === 0,
  )
  expect(fresh.length).toBeGreaterThan(5)
  const lasting = makeSyntheticWorld({ ...small, interestsPerUser: 1, ending: 0 }).truth
  expect(lasting.futureInterests.numRows).toBe(400)
})

test('nobody uses an item before it is born', () => {
  const { interactions, truth } = makeSyntheticWorld({ ...small, resolution: 'second', bornBefore: 0.2 })
  const { items, timestamps } = readInteractions(interactions)
  const born = numbers(truth.items, 'born')
  // Times are cut to seconds.
  const early = items.filter((item, r) => (timestamps?.[r] ?? 0) + 1000 <= born[item])
  expect(early.length).toBe(0)
  expect(born.filter((time) => time > Date.UTC(2010, 0, 1)).length).toBeGreaterThan(150)
})

test('positions further down are taken less, the more so the stronger the bias', () => {
  const taken = (positionBias: number) => {
    const { truth } = makeSyntheticWorld({ ...small, exposure: { positionBias } })
    const positions = numbers(truth.interactions, 'position')
    return positions.filter((position) => position === 0).length / positions.length
  }
  expect(taken(3)).toBeGreaterThan(taken(0.7))
  expect(taken(0.7)).toBeGreaterThan(taken(0))
})

test('impressions hold everything shown, and mark what was taken', () => {
  const { interactions, truth } = makeSyntheticWorld({ ...small, impressions: true })
  const { items } = readInteractions(interactions)
  const shown = truth.impressions
  if (!shown) throw new Error('no impressions')
  const rows = numbers(shown, 'interaction')
  const item = numbers(shown, 'item')
  const taken = numbers(shown, 'taken')
  expect(taken.filter((flag) => flag === 1).length).toBe(items.length)
  taken.forEach((flag, r) => {
    if (flag === 1) expect(item[r]).toBe(items[rows[r]])
  })
})

test('no item repeats unless asked for, and then as often as asked', () => {
  expect(marginals(makeSyntheticWorld(small)).repeats).toBe(0)
  expect(marginals(makeSyntheticWorld({ ...small, repeat: 0.3 })).repeats).toBeCloseTo(0.26, 1)
})

test('there is something to learn: neighbours of the history find more than popularity does', () => {
  const world = makeSyntheticWorld({ users: 1500, items: 600, interests: 16 })
  const { train, test: tested } = splitByUser(world)
  const { items: sequences } = readSequences(train)
  const popularity = new Float64Array(600)
  const together = Array.from({ length: 600 }, () => new Float64Array(600))
  for (let u = 0; u < train.numRows; u++) {
    for (const a of row(sequences, u)) {
      popularity[a]++
      for (const b of row(sequences, u)) together[a][b]++
    }
  }
  const { history, targets } = readCases(tested)
  const recall = (score: (past: Int32Array, item: number) => number) => {
    let sum = 0
    for (let c = 0; c < tested.numRows; c++) {
      const past = row(history, c)
      const scores = Float64Array.from(popularity, (_, item) => (past.includes(item) ? -1 : score(past, item)))
      const order = Array.from(scores.keys())
        .sort((a, b) => scores[b] - scores[a])
        .slice(0, 50)
      const wanted = row(targets, c)
      sum += wanted.filter((item) => order.includes(item)).length / wanted.length
    }
    return sum / tested.numRows
  }
  const popular = recall((_, item) => popularity[item])
  const neighbours = recall((past, item) =>
    past.reduce((sum, a) => sum + together[a][item] / Math.sqrt(1 + popularity[a] * popularity[item]), 0),
  )
  expect(neighbours).toBeGreaterThan(1.3 * popular)
})

test('worlds of any size and temper are whole: users have interactions, rows line up, nothing is out of range', () => {
  const options = fc.record({
    seed: fc.nat(),
    users: fc.integer({ min: 1, max: 12 }),
    items: fc.integer({ min: 6, max: 40 }),
    interests: fc.integer({ min: 1, max: 6 }),
    interestsPerUser: fc.integer({ min: 1, max: 9 }),
    drift: fc.constantFrom(0, 1),
    ending: fc.constantFrom(0, 1),
    noise: fc.constantFrom(0, 1),
    repeat: fc.constantFrom(0, 1),
    bornBefore: fc.constantFrom(0, 1),
    exposure: fc.record({ slate: fc.integer({ min: 1, max: 50 }), popular: fc.constantFrom(0, 1) }),
    resolution: fc.constantFrom('day' as const, 'second' as const),
  })
  fc.assert(
    fc.property(options, (given) => {
      const world = makeSyntheticWorld(given)
      const { userIds, users, items, timestamps = new Float64Array() } = readInteractions(world.interactions)
      expect(userIds.length).toBe(given.users)
      expect(items.every((item) => item < given.items)).toBe(true)
      expect(timestamps.every((time) => time <= Date.UTC(2014, 6, 2))).toBe(true)
      expect(users.every((user, r) => r === 0 || user > users[r - 1] || timestamps[r] >= timestamps[r - 1])).toBe(true)
      expect(world.truth.interactions.numRows).toBe(items.length)
      expect(numbers(world.truth.interactions, 'interest').every((z) => z >= 0 && z < given.interests)).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('a world with fewer items than interests, or that ends before it begins, is refused', () => {
  expect(() => makeSyntheticWorld({ items: 5, interests: 6 })).toThrow(/an item for each interest/)
  expect(() => makeSyntheticWorld({ end: new Date('2000-01-01') })).toThrow(/begin before it ends/)
})

test('an unknown option is refused with a suggestion', () => {
  const mistyped: object = { user: 10 }
  expect(() => makeSyntheticWorld(mistyped)).toThrow(/Did you mean "users"/)
})
