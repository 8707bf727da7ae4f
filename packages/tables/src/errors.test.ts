import { expect, test } from 'vitest'
import { InvalidFileError, InvalidInputError, SparcError } from './errors.ts'

test('an error says what was wrong, what was given, what is allowed and what to do next', () => {
  const error = new InvalidInputError('K', {
    what: 'Wrong k',
    given: -1,
    allowed: '1 or more',
    next: 'Give a larger k',
  })
  expect(error.message).toBe('Wrong k. Given: -1. Allowed: 1 or more. Give a larger k.')
  expect(new InvalidInputError('K', { what: 'Wrong k', next: 'Did you mean 5?' }).message).toBe(
    'Wrong k. Did you mean 5?',
  )
  expect(error.code).toBe('K')
  expect(error.name).toBe('InvalidInputError')
})

test('isInstance tells the classes apart and knows the base class', () => {
  const error: unknown = new InvalidInputError('K', { what: 'Wrong k' })
  expect(InvalidInputError.isInstance(error)).toBe(true)
  expect(SparcError.isInstance(error)).toBe(true)
  expect(InvalidFileError.isInstance(error)).toBe(false)
  expect(SparcError.isInstance(new Error('x'))).toBe(false)
  expect(SparcError.isInstance(null)).toBe(false)
})

test('isInstance holds across two copies of the package', async () => {
  const url = new URL('./errors.ts?second-copy', import.meta.url).href
  const copy: { InvalidInputError: typeof InvalidInputError } = await import(/* @vite-ignore */ url)
  expect(copy.InvalidInputError).not.toBe(InvalidInputError)
  const error: unknown = new copy.InvalidInputError('K', { what: 'Wrong k' })
  expect(error instanceof InvalidInputError).toBe(false)
  expect(InvalidInputError.isInstance(error)).toBe(true)
})

test('the cause is kept', () => {
  const cause = new Error('below')
  expect(new SparcError('X', { what: 'Above', cause }).cause).toBe(cause)
})
