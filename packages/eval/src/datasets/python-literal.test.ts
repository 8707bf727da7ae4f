import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PythonValue, parsePythonLiteral } from './python-literal.ts'

/** What Python's `repr` writes. */
function repr(value: PythonValue): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value)
  if (typeof value === 'string') {
    const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
    const body = value
      .replaceAll('\\', '\\\\')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r')
      .replaceAll('\t', '\\t')
      .replaceAll(quote, `\\${quote}`)
    return quote + body + quote
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  return `{${Object.entries(value)
    .map(([key, held]) => `${repr(key)}: ${repr(held)}`)
    .join(', ')}}`
}

test('whatever Python writes is read back as it was', () => {
  const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(value, (given) => void expect(parsePythonLiteral(repr(given))).toEqual(given)),
    { numRuns: 60 },
  )
})

test('escapes, prefixes, tuples and special numbers are understood', () => {
  expect(parsePythonLiteral("u'caf\\xe9 \\u20ac \\U0001f600 \\101 \\'q\\' \\d'")).toBe("café € 😀 A 'q' \\d")
  expect(parsePythonLiteral('("a", 1.5e3, -2, .5,)')).toEqual(['a', 1500, -2, 0.5])
  expect(parsePythonLiteral('[nan, -inf]')).toEqual([Number.NaN, Number.NEGATIVE_INFINITY])
})

test.each(["{'a': 1", "['a' 'b']", "{'a' 1}", "'open", '1 2', '', '__import__("os")', "'\\x4'", "'\\Uffffffff'"])(
  'what is no literal is refused: %s',
  (given) => expect(() => parsePythonLiteral(given)).toThrow(SyntaxError),
)
