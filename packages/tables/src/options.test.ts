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

const required = z.strictObject({ systems: z.array(z.string()), fit: z.strictObject({ steps: z.int() }).optional() })

function refused(value: unknown): InvalidInputError {
  try {
    parseOptions(required, value, 'a test')
  } catch (error) {
    if (InvalidInputError.isInstance(error)) return error
  }
  throw new Error('nothing was thrown')
}

test('a misspelt key is told before the required option that is missing for it, at every depth', () => {
  expect(refused({ systmes: ['sparc'] }).message).toMatch(/Unknown key.*systmes.*Did you mean "systems"/)
  expect(refused({ fit: { stepps: 3 } }).message).toMatch(/at fit.*stepps.*Did you mean "steps"/)
  expect(refused({ zzz: 1, systmes: [] }).message).toMatch(/zzz, systmes.*Did you mean "systems"/)
})

test('a required option that is missing is to be added, one of the wrong kind to be corrected', () => {
  expect(refused({}).message).toMatch(/"systems" is missing in a test.*Add "systems"\./)
  expect(refused({ systems: [], fit: {} }).message).toMatch(/"fit.steps" is missing.*Add "fit.steps"\./)
  expect(refused({ systems: 3 }).message).toMatch(/Invalid option "systems".*Given: 3.*Correct or remove "systems"/)
})

test('what is no object is said to be none', () => {
  for (const value of [[1], 'systems', 3]) {
    expect(refused(value).message).toMatch(/An object is needed for a test\. Given: .*with the keys systems, fit/)
  }
})

test('suggest takes two letters that changed places for one mistake', () => {
  expect(suggest('sprac', ['mind', 'sparc'])).toBe('sparc')
  expect(suggest('mnid', ['mind', 'sparc'])).toBe('mind')
  expect(suggest('psrac', ['mind', 'sparc'])).toBe(undefined)
})

test('suggest finds near names and leaves far ones alone', () => {
  expect(suggest('comirec', ['mind', 'comirec-sa', 'sparc'])).toBe(undefined)
  expect(suggest('comirec-s', ['mind', 'comirec-sa', 'sparc'])).toBe('comirec-sa')
  expect(suggest('Sparq', ['mind', 'sparc'])).toBe('sparc')
  expect(suggest('zzz', ['mind', 'sparc'])).toBe(undefined)
})
