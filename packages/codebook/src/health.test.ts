import { InvalidInputError } from '@sparc/tables'
import { expect, test } from 'vitest'
import { codebookHealth, drift } from './health.ts'

test('health of a small catalogue is what can be counted by hand', () => {
  const codes = { levels: 2, data: Uint16Array.of(0, 1, 0, 1, 0, 2, 3, 0) }
  const health = codebookHealth(codes, [4, 4])
  expect(health.levels[0].usage).toBe(0.5)
  expect(health.levels[0].largest).toBe(0.75)
  expect(Array.from(health.levels[0].counts)).toEqual([3, 0, 0, 1])
  expect(health.levels[0].perplexity).toBeCloseTo(Math.exp(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25))), 10)
  expect(health.levels[1].usage).toBe(0.75)
  expect(health.collisions).toBe(0.5)
  expect(health.uniformCollisions).toBeCloseTo(1 - Math.exp(-4 / 16), 12)
  expect(health.reconstruction).toBeUndefined()
})

test('reconstruction is relative to the spread around the mean', () => {
  const vectors = { data: Float32Array.of(0, 2), rows: 2, dim: 1 }
  const at = (...data: number[]) => {
    const decoded = { data: Float32Array.from(data), rows: 2, dim: 1 }
    return codebookHealth({ levels: 1, data: Uint16Array.of(0, 1) }, [2], { vectors, decoded }).reconstruction
  }
  expect(at(0, 2)).toBe(0)
  expect(at(1, 1)).toBe(1)
  expect(at(0, 1)).toBe(0.5)
})

test('drift is the share of items whose code at a level changed', () => {
  const before = { levels: 2, data: Uint16Array.of(1, 5, 2, 5, 3, 5, 4, 5) }
  const after = { levels: 2, data: Uint16Array.of(1, 6, 2, 5, 9, 5, 4, 5) }
  expect(drift(before, after)).toBe(0.25)
  expect(drift(before, after, 1)).toBe(0.25)
  expect(drift(before, before)).toBe(0)
  expect(() => drift(before, { levels: 2, data: Uint16Array.of(1, 1) })).toThrow(InvalidInputError)
})

test('health without any item is an error', () => {
  expect(() => codebookHealth({ levels: 1, data: new Uint16Array(0) }, [4])).toThrow(/without any item/)
})
