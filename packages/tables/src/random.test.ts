import fc from 'fast-check'
import { expect, test } from 'vitest'
import { random, tieHash } from './random.ts'

test('the same seed gives the same numbers, another seed others', () => {
  const [a, b, c] = [random(7), random(7), random(8)]
  const draws = Array.from({ length: 20 }, () => a.next())
  expect(Array.from({ length: 20 }, () => b.next())).toEqual(draws)
  expect(Array.from({ length: 20 }, () => c.next())).not.toEqual(draws)
})

test('the numbers of a seed never change between releases', () => {
  const source = random(1230)
  expect([source.int(1000), source.int(1000), source.int(1000), source.int(1000)]).toMatchInlineSnapshot(`
    [
      850,
      637,
      814,
      712,
    ]
  `)
})

test('next is uniform and normal is standard', () => {
  const source = random(1)
  const bins = new Int32Array(10)
  let sum = 0
  let squares = 0
  const n = 200_000
  for (let i = 0; i < n; i++) {
    bins[Math.floor(source.next() * 10)]++
    const x = source.normal()
    sum += x
    squares += x * x
  }
  // chi-square with 9 degrees of freedom: 27.9 is passed once in 1,000 seeds; this seed is fixed
  const chi = bins.reduce((all, count) => all + (count - n / 10) ** 2 / (n / 10), 0)
  expect(chi).toBeLessThan(27.9)
  expect(Math.abs(sum / n)).toBeLessThan(0.01)
  expect(Math.abs(squares / n - 1)).toBeLessThan(0.02)
})

test('a restored state continues where it was', () => {
  const source = random(3)
  source.next()
  const state = source.state()
  const after = [source.next(), source.next()]
  source.restore(state)
  expect([source.next(), source.next()]).toEqual(after)
})

test('forks are independent of each other and do not advance their source', () => {
  const source = random(5)
  const state = source.state()
  const [a, b] = [source.fork('a'), source.fork('b')]
  expect(source.state()).toEqual(state)
  expect(a.next()).not.toBe(b.next())
  expect(source.fork('a').next()).toBe(random(5).fork('a').next())
})

test('shuffle permutes in place', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
      const shuffled = random(seed).shuffle([...values])
      expect(shuffled.toSorted((a, b) => a - b)).toEqual(values.toSorted((a, b) => a - b))
    }),
  )
  const whole = Int32Array.from({ length: 100 }, (_, i) => i)
  expect(random(1).shuffle(whole)).toBe(whole)
  expect(Array.from(whole)).not.toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('tie hashes of distinct items are distinct and depend on the seed', () => {
  const hashes = new Set<number>()
  for (let item = 0; item < 100_000; item++) hashes.add(tieHash(item, 9))
  expect(hashes.size).toBe(100_000)
  expect(tieHash(1, 0)).not.toBe(tieHash(1, 1))
})
