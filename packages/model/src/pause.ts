import { CancelledError } from '@sparc/tables'

/** Gives the event loop a turn. */
export const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Gives the event loop a turn, so that signals and progress bars are not kept waiting.
 *
 * @param done how far the work is, for the message: "3 of 24 blocks inverted"
 * @throws CancelledError `FIT_CANCELLED` when the signal has fired
 */
export async function pause(system: string, signal: AbortSignal | undefined, done: () => string): Promise<void> {
  await breathe()
  if (!signal?.aborted) return
  throw new CancelledError('FIT_CANCELLED', {
    what: `Fitting of ${system} was cancelled`,
    given: done(),
    next: 'What was fitted before is kept.',
    cause: signal.reason,
  })
}
