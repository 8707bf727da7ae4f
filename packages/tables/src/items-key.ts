import { createHash } from 'node:crypto'
import { InvalidInputError } from './errors.ts'

/**
 * Names a catalogue: its length and a hash of its ids in order, `'12101:3f2a...'`. Tables that hold row numbers carry
 * it as metadata `sparc.items`, so that numbers of one catalogue are never read as those of another.
 */
export function itemsKey(ids: readonly string[]): string {
  const hash = createHash('sha256')
  for (let start = 0; start < ids.length; start += 4096) {
    const part = ids.slice(start, start + 4096)
    hash.update(part.map((id) => `${id.length}:${id}`).join(''))
  }
  return `${ids.length}:${hash.digest('hex').slice(0, 16)}`
}

/** Throws when two tables speak of different catalogues; a table that does not say is taken at its word. */
export function checkItemsKey(expected: string | undefined, given: string | undefined, where: string): void {
  if (expected === undefined || given === undefined || expected === given) return
  throw new InvalidInputError('ITEMS_MISMATCH', {
    what: `${where} was made for another items table`,
    given: `sparc.items = ${given}`,
    allowed: `sparc.items = ${expected}`,
    next: 'Make both from the same items table; row numbers are only valid inside one.',
  })
}
