/** A value as Python's `repr` writes it. */
export type PythonValue = string | number | boolean | null | PythonValue[] | { [key: string]: PythonValue }

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\x07', '\n': '' }
const CODE_LENGTHS: Record<string, number> = { x: 2, u: 4, U: 8 }

interface Cursor {
  text: string
  at: number
}

function fail(cursor: Cursor, wanted: string): never {
  throw new SyntaxError(`expected ${wanted} at character ${cursor.at + 1}`)
}

/** Runs of characters that stand for themselves, for each kind of quote. */
const PLAIN: Record<string, RegExp> = { "'": /[^'\\]*/y, '"': /[^"\\]*/y }
const SPACE = /\s*/y

/** What the sticky expression finds at the cursor, which moves behind it. */
function run(cursor: Cursor, expression: RegExp): string {
  expression.lastIndex = cursor.at
  const found = expression.exec(cursor.text)?.[0] ?? ''
  cursor.at += found.length
  return found
}

function skipSpace(cursor: Cursor): void {
  if (cursor.text.charCodeAt(cursor.at) <= 32) run(cursor, SPACE)
}

/** The character behind a backslash; the cursor stands behind the letter. */
function escaped(cursor: Cursor, letter: string): string {
  const length = CODE_LENGTHS[letter]
  if (length !== undefined) {
    const digits = cursor.text.slice(cursor.at, cursor.at + length)
    if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < length) fail(cursor, `${length} hexadecimal digits`)
    cursor.at += length
    const code = Number.parseInt(digits, 16)
    return code > 0x10ffff ? fail(cursor, 'a Unicode character') : String.fromCodePoint(code)
  }
  if (/[0-7]/.test(letter)) {
    const digits = /^[0-7]{0,2}/.exec(cursor.text.slice(cursor.at, cursor.at + 2))?.[0] ?? ''
    cursor.at += digits.length
    return String.fromCharCode(Number.parseInt(letter + digits, 8))
  }
  // Python keeps the backslash of an escape that it does not know.
  return ESCAPES[letter] ?? (letter === '\\' || letter === "'" || letter === '"' ? letter : `\\${letter}`)
}

function readString(cursor: Cursor): string {
  const quote = cursor.text[cursor.at++]
  let result = ''
  for (;;) {
    result += run(cursor, PLAIN[quote])
    const c = cursor.text[cursor.at++]
    if (c === undefined) fail(cursor, `a closing ${quote}`)
    if (c === quote) return result
    result += escaped(cursor, cursor.text[cursor.at++] ?? fail(cursor, 'a character'))
  }
}

function readSequence(cursor: Cursor, close: string): PythonValue[] {
  const values: PythonValue[] = []
  for (cursor.at++; ; ) {
    skipSpace(cursor)
    if (cursor.text[cursor.at] === close) break
    values.push(readValue(cursor))
    skipSpace(cursor)
    if (cursor.text[cursor.at] === ',') cursor.at++
    else if (cursor.text[cursor.at] !== close) fail(cursor, `"," or "${close}"`)
  }
  cursor.at++
  return values
}

function readDict(cursor: Cursor): { [key: string]: PythonValue } {
  const entries: [string, PythonValue][] = []
  for (cursor.at++; ; ) {
    skipSpace(cursor)
    if (cursor.text[cursor.at] === '}') break
    const key = readValue(cursor)
    skipSpace(cursor)
    if (cursor.text[cursor.at++] !== ':') fail(cursor, '":"')
    entries.push([String(key), readValue(cursor)])
    skipSpace(cursor)
    if (cursor.text[cursor.at] === ',') cursor.at++
    else if (cursor.text[cursor.at] !== '}') fail(cursor, '"," or "}"')
  }
  cursor.at++
  return Object.fromEntries(entries)
}

const WORDS: [string, PythonValue][] = [
  ['None', null],
  ['True', true],
  ['False', false],
]

function readValue(cursor: Cursor): PythonValue {
  skipSpace(cursor)
  const c = cursor.text[cursor.at]
  if (c === "'" || c === '"') return readString(cursor)
  if (/[uUbB]/.test(c ?? '') && /['"]/.test(cursor.text[cursor.at + 1] ?? '')) {
    cursor.at++
    return readString(cursor)
  }
  if (c === '[') return readSequence(cursor, ']')
  if (c === '(') return readSequence(cursor, ')')
  if (c === '{') return readDict(cursor)
  for (const [word, value] of WORDS) {
    if (!cursor.text.startsWith(word, cursor.at)) continue
    cursor.at += word.length
    return value
  }
  const number = /^[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|inf|nan)/.exec(
    cursor.text.slice(cursor.at, cursor.at + 40),
  )
  if (!number) return fail(cursor, 'a value')
  cursor.at += number[0].length
  if (number[0].endsWith('nan')) return Number.NaN
  if (number[0].endsWith('inf')) return number[0].startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(number[0])
}

/**
 * Parses what Python's `repr` writes for strings, numbers, None, booleans, lists, tuples and dicts: the metadata of the
 * 2014 Amazon release is such lines, not JSON. Nothing is evaluated.
 *
 * @throws SyntaxError
 *
 * @example parsePythonLiteral("{'asin': 'B1', 'categories': [['Beauty', 'Hair Care']]}")
 */
export function parsePythonLiteral(text: string): PythonValue {
  const cursor = { text, at: 0 }
  const value = readValue(cursor)
  skipSpace(cursor)
  if (cursor.at < text.length) fail(cursor, 'the end')
  return value
}
