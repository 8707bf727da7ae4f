import { InvalidInputError } from '@sparc/tables'

/** Gives each item id a row number. */
export interface ItemNumbers {
  /** @param where "targets.csv, line 7", for the error */
  number(id: string, where: string): number
  /** All ids that have a number, by number. */
  ids(): string[]
  /** How many of them are the catalogue; numbers from here on are of items outside of it. */
  size(): number
}

/**
 * Row numbers for ids. With a catalogue, an id outside of it is an error, or (`outside: 'miss'`) gets a number behind the
 * catalogue. Without one every id that is met joins it.
 */
export function itemNumbers(catalogue: string[] | undefined, outside: 'error' | 'miss'): ItemNumbers {
  const numbers = new Map<string, number>()
  for (const id of catalogue ?? []) {
    if (numbers.has(id)) {
      throw new InvalidInputError('DUPLICATE_ITEM_ID', {
        what: 'The items file has an id twice',
        given: id,
        next: 'Keep one row of each item',
      })
    }
    numbers.set(id, numbers.size)
  }
  return {
    number(id, where) {
      const known = numbers.get(id)
      if (known !== undefined) return known
      if (catalogue && outside === 'error') {
        throw new InvalidInputError('UNKNOWN_ITEM', {
          what: `${where} names an item that the items file does not have`,
          given: id,
          next: "Add it to the items file, or pass outside: 'miss' (--outside miss) to count such items as misses",
        })
      }
      numbers.set(id, numbers.size)
      return numbers.size - 1
    },
    ids: () => [...numbers.keys()],
    size: () => catalogue?.length ?? numbers.size,
  }
}
