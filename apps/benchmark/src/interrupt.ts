import { CancelledError } from '@sparc/tables'

/** Exit code of a command that was stopped by Ctrl-C. */
export const interrupted = 130

/** Ctrl-C and `kill` become an abort; what has not stopped after `grace` ms is ended, as nothing is ever half written. */
export function onInterrupt(say: () => string, grace = 1800): { signal: AbortSignal; done(): void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) return
    controller.abort(new CancelledError('INTERRUPTED', { what: 'Stopped by a signal' }))
    setTimeout(() => {
      process.stderr.write(`\n${say()}\n`)
      process.exit(interrupted)
    }, grace).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    done() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
