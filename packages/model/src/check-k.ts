import { InvalidInputError } from '@sparc/tables/plain'

/** @throws InvalidInputError `INVALID_OPTION` unless `k` is a positive whole number */
export function checkK(k: number): number {
  if (Number.isInteger(k) && k > 0) return k
  throw new InvalidInputError('INVALID_OPTION', {
    what: 'The number of recommendations is not a positive whole number',
    given: k,
    allowed: 'k >= 1',
    next: 'Pass for example { k: 50 }.',
  })
}
