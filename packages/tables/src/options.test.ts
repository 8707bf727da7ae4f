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

const size = z.int().min(1).max(65536)
const many = z.strictObject({
  dim: z.int().min(2).optional(),
  dropout: z.number().min(0).max(0.95).optional(),
  rate: z.number().positive().optional(),
  share: z.number().gt(0).lt(1).optional(),
  below: z.number().max(3).optional(),
  loss: z.enum(['softmax', 'bce']).optional(),
  shared: z.boolean().default(false),
  power: z.number().min(0).nullable().default(1),
  size: z.union([size, z.array(size).min(1).max(16)]).default(256),
  cut: z.union([z.number(), z.date()]).optional(),
  since: z.date().min(new Date('2010-01-01')).optional(),
  name: z.string().min(1).optional(),
  pair: z.tuple([z.number(), z.number()]).optional(),
  rows: z.array(z.string()).optional(),
  more: z.record(z.string(), z.int()).default({}),
  call: z.custom((value) => typeof value === 'function', 'a function is needed').optional(),
  check: z.custom((value) => typeof value === 'function').optional(),
  words: z.map(z.string(), z.string()).optional(),
  lower: z
    .string()
    .regex(/^[a-z]+$/, 'lower case letters')
    .optional(),
  even: z.number().multipleOf(2).optional(),
  balance: z
    .discriminatedUnion('by', [
      z.strictObject({ by: z.literal('capacity'), capacity: z.number().min(1) }),
      z.strictObject({ by: z.literal('entropy'), capacity: z.number().min(2), weight: z.number() }),
    ])
    .optional(),
})

function messageOf(value: unknown, of: z.ZodType = many): string {
  try {
    parseOptions(of, value, 'options of sparc')
  } catch (error) {
    if (InvalidInputError.isInstance(error)) return error.message
    throw error
  }
  return 'nothing thrown'
}

const sizes = 'a whole number from 1 to 65536'

test.each<[Record<string, unknown>, string, string]>([
  [{ dim: '8' }, '"8"', 'a whole number of at least 2'],
  [{ dim: 1 }, '1', 'a whole number of at least 2'],
  [{ dim: 2.5 }, '2.5', 'a whole number of at least 2'],
  [{ dim: null }, 'null', 'a whole number of at least 2'],
  [{ dim: 1e20 }, '100000000000000000000', 'a whole number from 2 to 9007199254740991'],
  [{ dropout: 2 }, '2', 'a number from 0 to 0.95'],
  [{ dropout: Number.NaN }, 'NaN', 'a finite number from 0 to 0.95'],
  [{ rate: 0 }, '0', 'a number above 0'],
  [{ share: 1 }, '1', 'a number above 0 and below 1'],
  [{ below: 4 }, '4', 'a number of at most 3'],
  [{ loss: 3 }, '3', '"softmax", "bce"'],
  [{ shared: 'yes' }, '"yes"', 'true or false'],
  [{ power: -1 }, '-1', 'a number of at least 0, or null'],
  [{ size: 'x' }, '"x"', `${sizes}, or an array of 1 to 16 values, each ${sizes}`],
  [{ size: 0 }, '0', `${sizes}, or an array of 1 to 16 values, each ${sizes}`],
  [{ cut: 'x' }, '"x"', 'a number, or a date'],
  [{ since: 'x' }, '"x"', 'a date'],
  [{ since: new Date(0) }, '"1970-01-01T00:00:00.000Z"', 'at least 2010-01-01T00:00:00.000Z'],
  [{ name: '' }, '""', 'a string of at least 1 character'],
  [{ pair: [1] }, '[1]', 'an array of 2 values'],
  [{ rows: 'x' }, '"x"', 'an array, each a string'],
  [{ more: [1] }, '[1]', 'an object'],
  [{ words: 3 }, '3', 'a value of type map'],
  [{ balance: 3 }, '3', 'an object with the keys by, capacity, or an object with the keys by, capacity, weight'],
])('%j is told what is allowed', (value, given, allowed) => {
  const [name] = Object.keys(value)
  const start = `Invalid option "${name}" in options of sparc. Given: ${given}. Allowed: ${allowed}.`
  expect(messageOf(value)).toBe(`${start} Correct or remove "${name}".`)
})

test.each<[Record<string, unknown>, string, string, string]>([
  [{ size: [4, 0] }, 'size.1', '0', sizes],
  [{ rows: ['a', 3] }, 'rows.1', '3', 'a string'],
  [{ pair: [1, 'a'] }, 'pair.1', '"a"', 'a number'],
  [{ more: { a: 1.5 } }, 'more.a', '1.5', 'a whole number'],
  [{ balance: { by: 'entropy', capacity: 1, weight: 1 } }, 'balance.capacity', '1', 'a number of at least 2'],
  [{ balance: { by: 'luck' } }, 'balance.by', '"luck"', '"capacity", "entropy"'],
])('inside of %j the very value is named', (value, name, given, allowed) => {
  const start = `Invalid option "${name}" in options of sparc. Given: ${given}. Allowed: ${allowed}.`
  expect(messageOf(value)).toBe(`${start} Correct or remove "${name}".`)
})

test('messages that a schema brings are kept, as are those of zod that say what is allowed', () => {
  expect(messageOf({ call: 3 })).toContain(
    'Invalid option "call" in options of sparc: a function is needed. Given: 3. Cor',
  )
  expect(messageOf({ lower: 'A' })).toContain('sparc: lower case letters. Given: "A". Correct')
  expect(messageOf({ even: 3 })).toMatch(/"even" in options of sparc: .*multiple of 2\. Given: 3\. Correct/)
  expect(messageOf({ check: 3 })).toBe(
    'Invalid option "check" in options of sparc. Given: 3. Correct or remove "check".',
  )
  const halves = z.strictObject({ a: z.int(), b: z.int() }).refine(({ a, b }) => a % b === 0, {
    path: ['b'],
    message: 'must divide a',
  })
  expect(messageOf({ a: 3, b: 2 }, halves)).toBe(
    'Invalid option "b" in options of sparc: must divide a. Given: 2. Correct or remove "b".',
  )
})

test('a misspelt value gets the nearest of the list', () => {
  expect(messageOf({ loss: 'sofmax' })).toMatch(
    /Given: "sofmax"\. Allowed: "softmax", "bce"\. Did you mean "softmax"\?$/,
  )
})

test('a missing option says what it may be', () => {
  const message = 'Option "dim" is missing in options of sparc. Given: nothing. Allowed: a whole number. Add "dim".'
  expect(messageOf({}, z.strictObject({ dim: z.int() }))).toBe(message)
})

test('a key that one alternative does not know is held against the keys of that alternative', () => {
  const message = messageOf({ balance: { by: 'capacity', capacity: 2, capcity: 3 } })
  expect(message).toContain('at balance. Given: capcity. Allowed: by, capacity. Did you mean "capacity"?')
})

test('options that hold options of their own kind are known at every depth', () => {
  type Tree = { leaves: number; below?: Tree }
  const tree: z.ZodType<Tree> = z.lazy(() => z.strictObject({ leaves: z.int(), below: tree.optional() }))
  expect(messageOf({ leaves: 1, below: { leaves: 1, below: { leaves: 'x' } } }, tree)).toContain(
    'Allowed: a whole number.',
  )
  expect(messageOf({ leaves: 1, below: { leaves: 1, leave: 2 } }, tree)).toContain('Did you mean "leaves"?')
})

test('what else is wrong is named in the same line', () => {
  expect(messageOf({ dim: 1, dropout: 2, call: 3, check: 4 })).toMatch(
    /"dim" .* Correct or remove "dim"\. Also: "dropout" \(a number from 0 to 0\.95\), "call" \(a function is needed\), "check"\.$/,
  )
  expect(messageOf({ dimm: 3, rate: 0, balance: { bye: 3 } })).toMatch(
    /Given: dimm\..*Did you mean "dim"\? Also: "rate" \(a number above 0\), "balance.by" \(missing\)\.$/,
  )
  expect(messageOf({ rows: [1, 2, 3, 4, 5, 6, 7, 8] })).toMatch(
    /Also: "rows.1" \(a string\), .*"rows.5" .*, and 2 more\.$/,
  )
  const needed = z.strictObject({ systems: z.int(), users: z.int() })
  expect(messageOf({ systmes: 3 }, needed)).toMatch(/Did you mean "systems"\? Also: "users" \(missing\)\.$/)
  expect(messageOf({ dim: 1 })).not.toContain('Also')
})
