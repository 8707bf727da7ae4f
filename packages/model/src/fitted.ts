import { InvalidInputError } from '@sparc/tables'

/** What a system has learned. @throws InvalidInputError `NOT_FITTED` where that is nothing yet */
export function fitted<T>(state: T | undefined, system: string): T {
  if (state !== undefined) return state
  throw new InvalidInputError('NOT_FITTED', {
    what: `${system} has learned nothing yet`,
    given: 'no state',
    allowed: 'a fitted or a loaded model',
    next: 'Call fit, or load a saved model, first.',
  })
}
