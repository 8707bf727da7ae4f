import { CancelledError, SparcError } from '@sparc/tables'
import { CommanderError } from 'commander'

/** An error as text for people: our own say what, given, allowed and next; a stack is shown with `--verbose` only. */
export function describeError(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`
  if (CancelledError.isInstance(error) && !verbose) return error.message
  const head = SparcError.isInstance(error) ? `error (${error.code}): ${error.message}` : `error: ${error.message}`
  if (verbose)
    return `${head}\n${error.stack ?? ''}${error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''}`
  return SparcError.isInstance(error) ? head : `${head}\nRun it again with --verbose to see where.`
}

/** The exit code for an error: 130 for a stop by Ctrl-C, else 1. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  return CancelledError.isInstance(error) ? 130 : 1
}
