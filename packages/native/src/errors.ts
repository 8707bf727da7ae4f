/** What went wrong, for programs: a stable word that a caller can switch on. */
export type NativeErrorCode =
  | 'PACKAGE_NOT_FOUND'
  | 'UNSUPPORTED_PLATFORM'
  | 'NO_COMPILER'
  | 'NO_PIP'
  | 'NO_APT'
  | 'COMMAND_FAILED'
  | 'COMMAND_STALLED'
  | 'WRONG_CHECKSUM'
  | 'LOAD_FAILED'
  | 'CACHE_NOT_WRITABLE'
  | 'LOCK_TIMEOUT'

const marker = Symbol.for('sparc.native.error')

/**
 * The only error that this package throws on purpose. The message says what was wrong and, on a line of its own,
 * what to do next; `code` is stable.
 */
export class NativeError extends Error {
  readonly code: NativeErrorCode
  readonly next: string | undefined
  readonly [marker] = true

  constructor(code: NativeErrorCode, problem: { what: string; next?: string; cause?: unknown }) {
    super(problem.next === undefined ? problem.what : `${problem.what}\n${problem.next}`, { cause: problem.cause })
    this.name = 'NativeError'
    this.code = code
    this.next = problem.next
  }

  /** True for errors of this class, also when they come from another copy of the package. */
  static isInstance(error: unknown): error is NativeError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
