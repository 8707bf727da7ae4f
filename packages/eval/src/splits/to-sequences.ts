import { makeSequences } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { Dataset } from '../dataset.ts'
import { sequencesOf } from './sequences-of.ts'

/**
 * All users as a `sequences` table, nobody held back: what a model learns from once a split has said how long to train it.
 *
 * @throws InvalidInputError `UNSORTED`, `ITEMS_MISMATCH`, `ITEM_OUT_OF_RANGE`
 *
 * @example await model.fit({ items: data.items, sequences: toSequences(data) }, { budget: { steps: report.best.step } })
 */
export function toSequences(dataset: Pick<Dataset, 'items' | 'interactions' | 'time'>): Table {
  const { userIds: users, items, timestamps, itemsKey } = sequencesOf(dataset)
  return makeSequences({ users, items, timestamps, itemsKey })
}
