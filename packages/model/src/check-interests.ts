import { InvalidInputError } from '@sparc/tables/plain'

/** How many interests are asked for: at least one, or nothing said. @throws InvalidInputError `INVALID_OPTION` */
export function checkInterests(interests: number | undefined): number | undefined {
  if (interests === undefined || (Number.isSafeInteger(interests) && interests >= 1)) return interests
  throw new InvalidInputError('INVALID_OPTION', {
    what: 'The number of interests can not be that',
    given: interests,
    allowed: 'a whole number of at least 1',
    next: 'Leave it out for the number that the model was made with.',
  })
}
