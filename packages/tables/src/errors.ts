/** The parts of an error message: each answers one question that a reader of it has. */
export interface ErrorParts {
  /** What was wrong, as a sentence without its full stop. */
  what: string
  /** What was given. Printed as JSON unless it is a string. */
  given?: unknown
  /** What is allowed. */
  allowed?: string
  /** What to do next. */
  next?: string
  /** The error underneath, where something else failed. */
  cause?: unknown
}

const MARK = Symbol.for('sparc.error')

function show(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value)
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    // It holds itself, or a bigint.
    text = String(value)
  }
  return text.length > 300 ? `${text.slice(0, 297)}...` : text
}

function message(parts: ErrorParts): string {
  const lines = [`${parts.what}.`]
  if ('given' in parts) lines.push(`Given: ${show(parts.given)}.`)
  if (parts.allowed) lines.push(`Allowed: ${parts.allowed}.`)
  if (parts.next) lines.push(/[.?!]$/.test(parts.next) ? parts.next : `${parts.next}.`)
  return lines.join(' ')
}

/**
 * The base of every error that these packages throw on purpose.
 *
 * `code` is stable and meant for programs; the message is meant for people and may change. `isInstance` holds across
 * two copies of the package, where `instanceof` does not.
 *
 * @example
 * try { await readTable('no-such.arrow') } catch (error) {
 *   if (SparcError.isInstance(error)) error.code // 'NO_SUCH_FILE'
 * }
 */
export class SparcError extends Error {
  static readonly kind: string = 'SparcError'
  readonly code: string
  readonly parts: ErrorParts

  constructor(code: string, parts: ErrorParts) {
    super(message(parts), parts.cause === undefined ? undefined : { cause: parts.cause })
    this.code = code
    this.parts = parts
    this.name = new.target.kind
    Object.defineProperty(this, MARK, { value: [SparcError.kind, new.target.kind], enumerable: false })
  }

  /** True when `error` is of this class (or one below it), whichever copy of the package threw it. */
  static isInstance<T extends SparcError>(this: { kind: string; prototype: T }, error: unknown): error is T {
    if (typeof error !== 'object' || error === null || !(MARK in error)) return false
    const kinds: unknown = error[MARK]
    return Array.isArray(kinds) && kinds.includes(this.kind)
  }
}

/** A bad argument, option, column or value that the caller gave. */
export class InvalidInputError extends SparcError {
  static override readonly kind = 'InvalidInputError'
}

/** A file or folder that is missing, truncated, foreign, damaged, too new, or points outside of itself. */
export class InvalidFileError extends SparcError {
  static override readonly kind = 'InvalidFileError'
}

/** An optional peer dependency is not installed, or its native half is missing; the message says what to install. */
export class MissingPeerError extends SparcError {
  static override readonly kind = 'MissingPeerError'
}

/** The caller's `AbortSignal` fired. */
export class CancelledError extends SparcError {
  static override readonly kind = 'CancelledError'
}

/** Training went wrong, for example because the loss became NaN. */
export class TrainingError extends SparcError {
  static override readonly kind = 'TrainingError'
}
