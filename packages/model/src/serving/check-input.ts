import { type Guard, InvalidInputError, unlike } from '@sparc/tables/plain'

/**
 * Refuses options that there are not, and values that a guard does not let through: `parseOptions` without zod, which serving does not load.
 *
 * @param allowed what each option may be, for the message
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`
 */
export function checkOptions<S extends Record<string, Guard<unknown>>>(
  given: unknown,
  shape: S,
  allowed: Record<keyof S & string, string>,
  where: string,
): void {
  const names = Object.keys(shape)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidInputError('INVALID_OPTION', {
      what: `An object is needed for the options of ${where}`,
      given,
      allowed: `an object with ${names.join(', ')}`,
      next: 'Put what is meant under its name.',
    })
  }
  const unknown = Object.keys(given).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new InvalidInputError('UNKNOWN_OPTION', {
      what: `Unknown option of ${where}`,
      given: unknown.join(', '),
      allowed: names.join(', '),
      next: 'Remove it, or check its spelling.',
    })
  }
  const wrong = unlike({ ...given }, shape)
  if (wrong === undefined) return
  throw new InvalidInputError('INVALID_OPTION', {
    what: `Invalid option "${wrong}" of ${where}`,
    given: Reflect.get(given, wrong),
    allowed: allowed[wrong],
    next: `Correct or remove "${wrong}".`,
  })
}

/** @throws InvalidInputError `INVALID_HISTORY` unless it is an array of item ids */
export function checkHistory(history: unknown): void {
  if (Array.isArray(history) && history.every((id) => typeof id === 'string')) return
  throw new InvalidInputError('INVALID_HISTORY', {
    what: 'A history is not an array of item ids',
    given: history,
    allowed: 'strings, oldest first; an empty array for who has none',
    next: "Pass for example ['B004756YJA', 'B0020YLEYK'].",
  })
}
