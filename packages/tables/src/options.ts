import type { z } from 'zod'
import { InvalidInputError } from './errors.ts'

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

/** The keys that a (possibly wrapped) object schema knows, at `path` below it. */
function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  let node: unknown = schema
  const unwrap = () => {
    while (typeof node === 'object' && node !== null && !('shape' in node)) {
      const unwrapped: unknown = 'unwrap' in node && typeof node.unwrap === 'function' ? node.unwrap() : undefined
      if (unwrapped === undefined || unwrapped === node) return
      node = unwrapped
    }
  }
  unwrap()
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !('shape' in node)) return []
    const shape = node.shape
    if (typeof shape !== 'object' || shape === null) return []
    node = Reflect.get(shape, step)
    unwrap()
  }
  if (typeof node === 'object' && node !== null && 'shape' in node && typeof node.shape === 'object' && node.shape) {
    return Object.keys(node.shape)
  }
  return []
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let node = value
  for (const step of path) {
    if (typeof node !== 'object' || node === null) return undefined
    node = Reflect.get(node, step)
  }
  return node
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
  const parsed = schema.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  // A misspelt key is the reason why the one that was meant is missing: it is told first.
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknown?.code === 'unrecognized_keys') throw unknownKeys(unknown.keys, unknown.path, schema, where)
  throw invalid(issues[0], schema, value, where)
}

const nameOf = (path: readonly PropertyKey[]) => path.map(String).join('.')

function unknownKeys(
  given: readonly string[],
  path: readonly PropertyKey[],
  schema: unknown,
  where: string,
): InvalidInputError {
  const keys = knownKeys(schema, path)
  const near = given.map((key) => suggest(key, keys)).find((key) => key !== undefined)
  return new InvalidInputError('UNKNOWN_OPTION', {
    what: `Unknown key in ${where}${path.length > 0 ? ` at ${nameOf(path)}` : ''}`,
    given: given.join(', '),
    allowed: keys.length ? keys.join(', ') : undefined,
    next: near ? `Did you mean "${near}"?` : 'Remove it, or check its spelling.',
  })
}

function invalid(issue: z.core.$ZodIssue, schema: unknown, value: unknown, where: string): InvalidInputError {
  const { path, message } = issue
  const name = nameOf(path)
  const given = valueAt(value, path)
  const keys = knownKeys(schema, path)
  if (issue.code === 'invalid_type' && name === '' && keys.length > 0) {
    return new InvalidInputError('INVALID_OPTION', {
      what: `An object is needed for ${where}`,
      given,
      allowed: `an object with the keys ${keys.join(', ')}`,
      next: 'Put what is meant under its key.',
    })
  }
  if (given === undefined && name !== '') {
    return new InvalidInputError('INVALID_OPTION', {
      what: `Option "${name}" is missing in ${where}: ${message}`,
      given: 'nothing',
      next: `Add "${name}".`,
    })
  }
  return new InvalidInputError('INVALID_OPTION', {
    what: `Invalid ${name ? `option "${name}"` : 'value'} in ${where}: ${message}`,
    given: given === undefined ? 'nothing' : given,
    next: name ? `Correct or remove "${name}".` : 'Correct it.',
  })
}
