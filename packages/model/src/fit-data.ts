import {
  type Cases,
  checkItemsKey,
  checkRange,
  InvalidInputError,
  type Items,
  readCases,
  readItems,
  readSequences,
  type Sequences,
} from '@sparc/tables'
import type { Network } from './network.ts'
import type { FitData } from './recommender.ts'

/** The tables of `fit`, read, and seen to belong together. */
export interface ReadFitData {
  items: Items
  sequences: Sequences
  validation?: Cases
}

/** @throws InvalidInputError `NOT_A_TABLE`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`, `TOO_LITTLE_DATA` */
export function readFitData(data: FitData): ReadFitData {
  const items = readItems(data.items)
  const sequences = readSequences(data.sequences)
  checkItemsKey(items.key, sequences.itemsKey, 'the sequences table')
  checkRange(sequences.items.values, items.length, 'The items of the sequences table')
  const validation = data.validation && readCases(data.validation)
  if (validation) {
    checkItemsKey(items.key, validation.itemsKey, 'the validation cases')
    checkRange(validation.history.values, items.length, 'The history of the validation cases')
    checkRange(validation.targets.values, items.length, 'The targets of the validation cases')
    if (validation.targets.values.length === 0) throw nothingToValidate(validation.users.length)
  }
  return { items, sequences, validation }
}

/** @throws InvalidInputError `TOO_LITTLE_DATA` where a codebook has more codes than there are items */
export function checkCatalogue(system: string, { codes }: Network, items: number): void {
  if (codes === undefined || items >= codes.needs.items) return
  const { option, items: needed } = codes.needs
  throw new InvalidInputError('TOO_LITTLE_DATA', {
    what: `The catalogue is too small for the codes of ${system}`,
    given: `${items} items and ${needed} codes`,
    allowed: 'no more codes than items; a tenth of them is a good beginning',
    next: `Make the model with ${option} ${Math.max(1, Math.min(needed, Math.floor(items / 10)))}.`,
  })
}

function nothingToValidate(cases: number): InvalidInputError {
  return new InvalidInputError('TOO_LITTLE_DATA', {
    what: 'There is nothing to validate on',
    given: `${cases} validation cases without any target`,
    allowed: 'at least one case with a target',
    next: 'Leave "validation" out to train without early stopping, or give it users with targets.',
  })
}
