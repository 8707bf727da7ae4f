import type { z } from 'zod'
import { type ErrorParts, InvalidInputError } from './errors.ts'
import { allowedBy, keysOf, type OptionSchema, optionSchema, valueAt, valuesOf } from './option-schema.ts'

/**
 * Edit distance between two short strings: a letter more, less or changed, or two neighbours swapped, is one edit (Damerau 1964, as
 * optimal string alignment).
 */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1)
    }
    before = row
    row = next
  }
  return row[b.length]
}

/**
 * The allowed name nearest to a mistyped one, or undefined when none is near (more than a third of its letters differ; two letters
 * that changed places count as one).
 *
 * @example suggest('sparq', ['sparc', 'mind']) // 'sparc'
 */
export function suggest(given: string, allowed: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const name of allowed) {
    const edits = distance(given.toLowerCase(), name.toLowerCase())
    if (edits < least) {
      least = edits
      best = name
    }
  }
  return best
}

/**
 * Parses options with a zod schema and throws an error that a person can act on. Write the schema with
 * `z.strictObject`, so that unknown keys are refused.
 *
 * @param where what the options are of, for the message: "options of sparc"
 * @throws InvalidInputError `UNKNOWN_OPTION` or `INVALID_OPTION`
 *
 * @example parseOptions(z.strictObject({ k: z.int().positive().default(50) }), { k: 10 }, 'options of search')
 */
export function parseOptions<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(value ?? {}, { error: withoutWords })
  if (parsed.success) return parsed.data
  const known = optionSchema(schema, value)
  const issues = parsed.error.issues.flatMap(ofOneAlternative)
  const wrongs = issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, issue.path, known, where)
    return invalid(issue, known, value, where)
  })
  // A misspelt key is the reason why the one that was meant is missing: it is told first.
  const first = wrongs.find(({ code }) => code === 'UNKNOWN_OPTION') ?? wrongs[0]
  throw new InvalidInputError(first.code, { ...first.parts, next: `${first.parts.next}${also(wrongs, first)}` })
}

type Issue = z.core.$ZodIssue

/** Something that is wrong with the options. */
interface Wrong {
  code: 'UNKNOWN_OPTION' | 'INVALID_OPTION'
  /** Path of the option; of the whole, empty. */
  name: string
  parts: ErrorParts
  /** The same in a few words, for a list. */
  short: string
  /** Path of the option that was probably meant. */
  meant?: string
}

/** Issues whose messages by zod are kept: they say what is allowed. */
const TOLD_BY_ZOD = ['invalid_format', 'not_multiple_of', 'invalid_key', 'invalid_element']

/** Leaves zod's other messages empty, since what is allowed is said instead. A message that the schema brings is kept. */
const withoutWords = ({ code }: { code?: string }) => (TOLD_BY_ZOD.includes(String(code)) ? undefined : '')

/** Where a value is of the kind of one alternative only: what is wrong with it as that. */
function ofOneAlternative(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const isOther = ({ code, path }: Issue) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
  const like = issue.errors.filter((issues) => !issues.some(isOther))
  if (like.length !== 1) return [issue]
  return like[0].flatMap((inner) => ofOneAlternative({ ...inner, path: [...issue.path, ...inner.path] }))
}

const nameOf = (path: readonly PropertyKey[]) => path.map(String).join('.')

const MOST_LISTED = 5

/** What else is wrong, so that not every try finds one thing more. */
function also(wrongs: readonly Wrong[], first: Wrong): string {
  const others = wrongs.filter(({ name }) => name === '' || (name !== first.name && name !== first.meant))
  const all = [...new Set(others.map(({ short }) => short))].filter((short) => short !== '' && short !== first.short)
  if (all.length === 0) return ''
  const more = all.length > MOST_LISTED ? `, and ${all.length - MOST_LISTED} more` : ''
  return ` Also: ${all.slice(0, MOST_LISTED).join(', ')}${more}.`
}

function unknownKeys(
  given: readonly string[],
  path: readonly PropertyKey[],
  known: OptionSchema,
  where: string,
): Wrong {
  const keys = keysOf(known.at(path))
  const near = given.map((key) => suggest(key, keys)).find((key) => key !== undefined)
  const name = given.map((key) => nameOf([...path, key])).join(', ')
  return {
    code: 'UNKNOWN_OPTION',
    name,
    short: `"${name}" (unknown${near ? `, did you mean "${near}"?` : ''})`,
    meant: near && nameOf([...path, near]),
    parts: {
      what: `Unknown key in ${where}${path.length > 0 ? ` at ${nameOf(path)}` : ''}`,
      given: given.join(', '),
      allowed: keys.length ? keys.join(', ') : undefined,
      next: near ? `Did you mean "${near}"?` : 'Remove it, or check its spelling.',
    },
  }
}

function invalid(issue: Issue, known: OptionSchema, value: unknown, where: string): Wrong {
  const { path, message } = issue
  const name = nameOf(path)
  const given = valueAt(value, path)
  const nodes = known.at(path)
  const told = message !== '' || issue.code === 'custom'
  const allowed = told ? undefined : (limitOf(issue) ?? allowedBy(nodes, given) ?? typeOf(issue))
  const why = message === '' ? '' : `: ${message}`
  const code = 'INVALID_OPTION'
  if (issue.code === 'invalid_type' && name === '' && keysOf(nodes).length > 0) {
    const what = `An object is needed for ${where}`
    const next = 'Put what is meant under its key.'
    return { code, name, short: '', parts: { what, given: quoted(given), allowed: allowedBy(nodes, given), next } }
  }
  if (given === undefined && name !== '') {
    const what = `Option "${name}" is missing in ${where}${why}`
    return {
      code,
      name,
      short: `"${name}" (missing)`,
      parts: { what, given: 'nothing', allowed, next: `Add "${name}".` },
    }
  }
  const said = message || allowed
  const texts = valuesOf(nodes).filter((text) => typeof text === 'string')
  const near = typeof given === 'string' ? suggest(given, texts) : undefined
  const correct = name ? `Correct or remove "${name}".` : 'Correct it.'
  return {
    code,
    name,
    short: name ? `"${name}"${said ? ` (${said})` : ''}` : message,
    parts: {
      what: `Invalid ${name ? `option "${name}"` : 'value'} in ${where}${why}`,
      given: given === undefined ? 'nothing' : quoted(given),
      allowed,
      next: near ? `Did you mean "${near}"?` : correct,
    },
  }
}

/** Text in quotes, that '8' does not look like 8. */
const quoted = (given: unknown) => (typeof given === 'string' ? JSON.stringify(given) : given)

/** The type of what JSON has no kind for: a map, a function, ... */
const typeOf = (issue: Issue) => (issue.code === 'invalid_type' ? `a value of type ${issue.expected}` : undefined)

/** The limit of what JSON has no kind for: dates, sets, ... */
function limitOf(issue: Issue): string | undefined {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined
  if (['number', 'int', 'string', 'array'].includes(issue.origin)) return undefined
  const small = issue.code === 'too_small'
  const limit = small ? issue.minimum : issue.maximum
  const text = issue.origin === 'date' ? new Date(Number(limit)).toISOString() : String(limit)
  if (issue.inclusive) return small ? `at least ${text}` : `at most ${text}`
  return small ? `more than ${text}` : `less than ${text}`
}
