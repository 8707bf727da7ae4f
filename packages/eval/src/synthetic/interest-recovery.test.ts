import { csr, makeRecommendations } from '@sparc/tables'
import { expect, test } from 'vitest'
import { interestRecovery, makeSyntheticWorld } from './index.ts'

const world = makeSyntheticWorld({ users: 300, items: 200, interests: 10 })
const interests = Array.from(world.truth.items.getChild('interest') ?? [], Number)

/** Lists by user: one item of each of the interests that the function names. */
function lists(interestsFor: (user: string) => number[], users: string[]) {
  const items = csr(users.map((user) => interestsFor(user).map((interest) => interests.indexOf(interest))))
  return makeRecommendations({ users, items, scores: new Float32Array(items.values.length) })
}

function truth(table: typeof world.truth.futureInterests, keep: (share: number) => boolean): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const { user, interest, share } of table.toArray()) {
    if (keep(share)) found.set(user, [...(found.get(user) ?? []), interest])
  }
  return found
}

const future = truth(world.truth.futureInterests, () => true)
const past = truth(world.truth.userInterests, (share) => share > 0)
const users = [...future.keys()]

test('lists of exactly the interests ahead recover all of them, with nothing else in between', () => {
  const found = interestRecovery(
    lists((user) => future.get(user) ?? [], users),
    world,
    50,
  )
  expect(found.recall).toBeCloseTo(1, 9)
  expect(found.freshRecall).toBeCloseTo(1, 9)
  expect(found).toMatchObject({ precision: 1, users: 300 })
  expect(found.freshUsers).toBeGreaterThan(3)
})

test('lists of the interests behind recover most of what is ahead, but none of what is new', () => {
  const { recall, freshRecall } = interestRecovery(
    lists((user) => past.get(user) ?? [], users),
    world,
    50,
  )
  expect(freshRecall).toBe(0)
  expect(recall).toBeGreaterThan(0.7)
  expect(recall).toBeLessThan(1)
})

test('lists of everything cover what is new as well as lists of nothing else, and are told from them by precision', () => {
  const news = (user: string) => (future.get(user) ?? []).filter((interest) => !past.get(user)?.includes(interest))
  const ahead = users.filter((user) => news(user).length > 0)
  const everything = interestRecovery(
    lists(() => Array.from({ length: 10 }, (_, interest) => interest), ahead),
    world,
    50,
  )
  const known = interestRecovery(lists(news, ahead), world, 50)
  expect([everything.freshRecall, known.freshRecall]).toEqual([1, 1])
  expect(known.freshPrecision).toBe(1)
  const share = ahead.reduce((sum, user) => sum + news(user).length / 10, 0) / ahead.length
  expect(everything.freshPrecision).toBeCloseTo(share, 9)
  expect(
    interestRecovery(
      lists((user) => past.get(user) ?? [], users),
      world,
      50,
    ).freshPrecision,
  ).toBe(0)
})

test('only the first k items count', () => {
  const all = lists((user) => future.get(user) ?? [], users)
  expect(interestRecovery(all, world, 1).recall).toBeLessThan(interestRecovery(all, world, 2).recall)
})

test('no user has anything new ahead where interests never change', () => {
  const still = makeSyntheticWorld({ users: 50, items: 60, interests: 6, interestsPerUser: 1, ending: 0 })
  const rows = makeRecommendations({ users: ['user-000003'], items: csr([[0]]), scores: Float32Array.of(1) })
  const nothingNew = { freshRecall: null, freshPrecision: null, freshUsers: 0, users: 1 }
  expect(interestRecovery(rows, still, 5)).toMatchObject(nothingNew)
})

test('users of another world, and no users, are errors', () => {
  const foreign = makeRecommendations({ users: ['zoe'], items: csr([[0]]), scores: Float32Array.of(1) })
  expect(() => interestRecovery(foreign, world, 5)).toThrow(/does not live in this world/)
  const none = makeRecommendations({ users: [], items: csr([]), scores: new Float32Array() })
  expect(() => interestRecovery(none, world, 5)).toThrow(/no rows/)
})
