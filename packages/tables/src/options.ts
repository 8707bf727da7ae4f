import type { z } from 'zod'
import { InvalidInputError } from './errors.ts'

/** Edit distance (Levenshtein) between two short strings. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

/**
 * The allowed name nearest to a mistyped one, or undefined when none is near (more than a third of its letters differ).
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
  const issue = parsed.error.issues[0]
  const name = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const keys = knownKeys(schema, issue.path)
    const near = suggest(issue.keys[0], keys)
    throw new InvalidInputError('UNKNOWN_OPTION', {
      what: `Unknown key in ${where}${name ? ` at ${name}` : ''}`,
      given: issue.keys.join(', '),
      allowed: keys.length ? keys.join(', ') : undefined,
      next: near ? `Did you mean "${near}"?` : 'Remove it, or check its spelling.',
    })
  }
  const given = valueAt(value, issue.path)
  throw new InvalidInputError('INVALID_OPTION', {
    what: `Invalid ${name ? `option "${name}"` : 'value'} in ${where}: ${issue.message}`,
    given: given === undefined ? 'nothing' : given,
    next: name ? `Correct or remove "${name}".` : 'Correct it.',
  })
}
