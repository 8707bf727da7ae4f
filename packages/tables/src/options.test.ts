import { expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidInputError } from './errors.ts'
import { parseOptions, suggest } from './options.ts'

const schema = z.strictObject({
  k: z.int().positive().default(50),
  codebook: z.strictObject({ size: z.int().min(1), levels: z.int().default(3) }).optional(),
})

function thrown(value: unknown): InvalidInputError {
  try {
    parseOptions(schema, value, 'options of search')
  } catch (error) {
    if (InvalidInputError.isInstance(error)) return error
  }
  throw new Error('nothing was thrown')
}

test('defaults are filled in, also when no options are given', () => {
  expect(parseOptions(schema, undefined, 'options')).toEqual({ k: 50 })
  expect(parseOptions(schema, { codebook: { size: 4 } }, 'options')).toEqual({
    k: 50,
    codebook: { size: 4, levels: 3 },
  })
})

test('an unknown key is refused with the nearest known one', () => {
  const error = thrown({ codebok: {} })
  expect(error.code).toBe('UNKNOWN_OPTION')
  expect(error.message).toContain('Did you mean "codebook"?')
  expect(error.message).toContain('Allowed: k, codebook')
})

test('an unknown key inside of an optional object is refused with that object’s keys', () => {
  const error = thrown({ codebook: { size: 3, sizes: 4 } })
  expect(error.message).toContain('at codebook')
  expect(error.message).toContain('Allowed: size, levels')
})

test('a value of the wrong kind names the option and what was given', () => {
  const error = thrown({ k: -3 })
  expect(error.code).toBe('INVALID_OPTION')
  expect(error.message).toContain('"k"')
  expect(error.message).toContain('-3')
})

test('suggest finds near names and leaves far ones alone', () => {
  expect(suggest('comirec', ['mind', 'comirec-sa', 'sparc'])).toBe(undefined)
  expect(suggest('comirec-s', ['mind', 'comirec-sa', 'sparc'])).toBe('comirec-sa')
  expect(suggest('Sparq', ['mind', 'sparc'])).toBe('sparc')
  expect(suggest('zzz', ['mind', 'sparc'])).toBe(undefined)
})
