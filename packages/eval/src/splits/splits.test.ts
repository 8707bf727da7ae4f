import {
  type Cases,
  csr,
  makeCases,
  makeSequences,
  readCases,
  readInteractions,
  readSequences,
  row,
} from '@sparc/tables'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { folder, log } from '../datasets/folder.fixture.ts'
import { readDataset } from '../datasets/index.ts'
import { makeSyntheticWorld } from '../synthetic/index.ts'
import { checkLeaks, findLeaks } from './check-leaks.ts'
import { splitLeaveOneOut } from './leave-one-out.ts'
import type { Split } from './split.ts'
import { splitByTime } from './split-by-time.ts'
import { splitByUser } from './split-by-user.ts'

const world = makeSyntheticWorld({ users: 200, items: 150, interests: 8 })

test('leave one out tests the last item, validates on the last but one, and trains on the rest', () => {
  const { train, validation, test: tested } = splitLeaveOneOut(world)
  const { users, items } = readInteractions(world.interactions)
  const whole = [...items].filter((_, r) => users[r] === 0)
  expect([...row(readSequences(train).items, 0)]).toEqual(whole.slice(0, -2))
  expect([...row(readCases(validation).targets, 0)]).toEqual(whole.slice(-2, -1))
  expect([...row(readCases(validation).seen, 0)]).toEqual(whole.slice(0, -2))
  expect([...row(readCases(tested).targets, 0)]).toEqual(whole.slice(-1))
  expect([...row(readCases(tested).seen, 0)]).toEqual(whole.slice(0, -1))
  expect(readCases(tested).history.offsets[1]).toBe(Math.min(20, whole.length - 1))
})

test('leave one out skips users of one or two interactions, and says how many', async () => {
  const short = 'lone,i1,5\npair,i1,5\npair,i2,6\n'
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': log(9, 6, 20) + short }) })
  const split = splitLeaveOneOut(dataset)
  expect([split.skipped, split.test.numRows]).toEqual([2, 9])
  expect(split.notes).toEqual(['2 users with fewer than 3 interactions were skipped.'])
})

test('by time trains on nothing from behind the first cut, and asks for nothing from before its own', () => {
  const split = splitByTime(world)
  const { validation: first, test: second } = split.cuts
  expect(first).toBeLessThan(second)
  const times = readSequences(split.train).timestamps ?? new Float64Array([Number.POSITIVE_INFINITY])
  expect(Math.max(...times)).toBeLessThan(first)
  const all = readInteractions(world.interactions)
  const timeOf = new Map(Array.from(all.users, (u, r) => [`${all.userIds[u]} ${all.items[r]}`, all.timestamps?.[r]]))
  const { users, targets, seen } = readCases(split.test)
  users.forEach((user, r) => {
    for (const item of row(targets, r)) expect(timeOf.get(`${user} ${item}`)).toBeGreaterThanOrEqual(second)
    for (const item of row(seen, r)) expect(timeOf.get(`${user} ${item}`)).toBeLessThan(second)
  })
})

test('by time takes dates for its cuts, which all users share', () => {
  const [validationFrom, testFrom] = [new Date('2013-06-01'), new Date('2014-01-01')]
  const split = splitByTime(world, { validationFrom, testFrom })
  expect(split.cuts).toEqual({ validation: validationFrom.getTime(), test: testFrom.getTime() })
})

test('warm and cold targets are told apart: together they are all targets, and no cold item is trained on', () => {
  const split = splitByTime(makeSyntheticWorld({ users: 400, items: 900, interests: 8, bornBefore: 0.2 }))
  const count = (table: typeof split.test) => readCases(table).targets.values.length
  expect(count(split.testWarm) + count(split.testCold)).toBe(count(split.test))
  expect(count(split.testCold)).toBeGreaterThan(10)
  for (const item of readCases(split.testCold).targets.values) expect(split.cold[item]).toBe(1)
  for (const item of readCases(split.testWarm).targets.values) expect(split.cold[item]).toBe(0)
  for (const item of readSequences(split.train).items.values) expect(split.cold[item]).toBe(0)
})

test('by time refuses data that knows only the order, and cuts that leave a part empty', async () => {
  const order = await readDataset({ directory: await folder({ 'interactions.csv': log(20, 6, 9, (_, k) => k) }) })
  expect(() => splitByTime(order)).toThrow(/knows only the order/)
  expect(() => splitByTime(world, { validationFrom: new Date('1999-01-01') })).toThrow(/train part .* is empty/)
  expect(() => splitByTime(world, { testFrom: new Date('2030-01-01') })).toThrow(/test part .* is empty/)
})

test('by time, two shares that fall on one moment make two cuts', () => {
  const data = makeSyntheticWorld({ seed: 535, users: 60, items: 80, interests: 6 })
  const { cuts, validation, test } = splitByTime(data)
  expect(cuts.test).toBeGreaterThan(cuts.validation)
  expect(Math.min(validation.numRows, test.numRows)).toBeGreaterThan(0)
})

test('none of the splits leaks, whatever the world', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.constantFrom(0, 0.4), fc.constantFrom('all', 'history'), (seed, repeat, seen) => {
      const data = makeSyntheticWorld({ seed, users: 60, items: 80, interests: 6, repeat })
      for (const split of [
        splitByUser(data, { seen }),
        splitLeaveOneOut(data, { seen }),
        splitByTime(data, { seen }),
      ]) {
        expect(findLeaks(split, data)).toEqual([])
      }
    }),
    { numRuns: 15 },
  )
})

/** The split with something changed in its test cases. */
function planted(split: Split, change: (cases: Cases) => Cases): Split {
  return { ...split, test: makeCases(change(readCases(split.test))) }
}

function kinds(split: Split): string[] {
  return [...new Set(findLeaks(split, world).map(({ kind }) => kind))].sort()
}

test('a planted leak is found: a test user is also trained on', () => {
  const split = splitByUser(world)
  const { users, items, itemsKey } = readSequences(split.train)
  const cases = readCases(split.test)
  const rows = [...users.map((_, r) => row(items, r)), row(cases.seen, 0)]
  const train = makeSequences({ users: [...users, cases.users[0]], items: csr(rows), itemsKey })
  const leaks = findLeaks({ ...split, train }, world)
  expect(leaks).toMatchObject([{ kind: 'user', part: 'test', row: 0, user: cases.users[0] }])
})

test('a planted leak is found: the target stands in the history, in what was seen, or in training', () => {
  const split = splitLeaveOneOut(world)
  const cases = readCases(split.test)
  const withTarget = csr(cases.users.map((_, r) => [...row(cases.seen, r), ...(r === 3 ? row(cases.targets, r) : [])]))
  expect(
    findLeaks(
      planted(split, (held) => ({ ...held, history: withTarget })),
      world,
    ),
  ).toMatchObject([{ kind: 'target', part: 'test', row: 3 }])
  expect(kinds(planted(split, (held) => ({ ...held, seen: withTarget })))).toEqual(['target'])
  const { users, items, itemsKey } = readSequences(split.train)
  const rows = users.map((_, r) => [...row(items, r), ...(r === 5 ? row(cases.targets, r) : [])])
  const train = makeSequences({ users, items: csr(rows), itemsKey })
  expect(findLeaks({ ...split, train }, world)).toMatchObject([{ kind: 'target', part: 'test', row: 5 }])
})

test('a planted leak is found: history and targets are swapped', () => {
  const swapped = planted(splitByUser(world), (held) => ({
    ...held,
    history: held.targets,
    seen: held.targets,
    targets: held.seen,
  }))
  expect(kinds(swapped)).toEqual(['order'])
})

test('a planted leak is found: something from behind the cut is trained on, or asked for too early', () => {
  const split = splitByTime(world)
  const { users, items, itemsKey } = readSequences(split.train)
  const cases = readCases(split.test)
  const place = users.findIndex((user) => cases.users.includes(user))
  const late = row(cases.targets, cases.users.indexOf(users[place]))[0]
  const rows = users.map((_, r) => [...row(items, r), ...(r === place ? [late] : [])])
  const train = makeSequences({ users, items: csr(rows), itemsKey })
  expect(kinds({ ...split, train })).toEqual(['target', 'time'])
  const early = planted(split, (held) => ({ ...held, targets: csr(held.users.map((_, r) => [row(held.seen, r)[0]])) }))
  expect(kinds(early)).toContain('time')
})

test('a planted leak is found: an item that the user never had', () => {
  const split = splitByUser(world)
  const foreign = planted(split, (held) => ({
    ...held,
    targets: csr(held.users.map((_, r) => [row(held.targets, (r + 1) % held.users.length)[0]])),
  }))
  expect(kinds(foreign)).toContain('foreign')
})

test('checkLeaks throws with the first leaks, and is silent otherwise', () => {
  const split = splitByUser(world)
  checkLeaks(split, world)
  const bad = planted(split, (held) => ({
    ...held,
    seen: csr(held.users.map((_, r) => [...row(held.seen, r), ...row(held.targets, r)])),
  }))
  expect(() => checkLeaks(bad, world)).toThrow(/gives away .* answers.*: test row 4, user user-/)
})
