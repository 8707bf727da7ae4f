import { makeCases, makeSequences } from '@sparc/tables'
import type { Table } from 'apache-arrow'

/** A data set cut into what may be learned from and what is asked: the same for every model that is compared. */
export interface Split {
  protocol: 'by-user' | 'leave-one-out' | 'by-time'
  /** Sequences: `user`, `items` oldest first, `timestamps` where they are known. */
  train: Table
  /** Cases: `user`, `history`, `seen`, `targets`, `timestamp` (of the last item of the history) where it is known. */
  validation: Table
  test: Table
  /** `published` where the data came with this split, `drawn` where it was made here. */
  source: 'published' | 'drawn'
  /** What decides the split, printed with every result. */
  options: Record<string, unknown>
  /** Users that no part holds because they have too few interactions. */
  skipped: number
  /** One sentence for each thing that a reader of the numbers should know. */
  notes: string[]
}

/** Collects sequences row by row. */
export interface SequenceRows {
  add(user: string, items: ArrayLike<number>, times?: ArrayLike<number>): void
  readonly rows: number
  readonly users: readonly string[]
  table(itemsKey: string): Table
}

export function sequenceRows(withTimes: boolean): SequenceRows {
  const users: string[] = []
  const offsets = [0]
  const values: number[] = []
  const times: number[] = []
  return {
    add(user, items, itemTimes) {
      users.push(user)
      for (let i = 0; i < items.length; i++) values.push(items[i])
      if (withTimes && itemTimes) for (let i = 0; i < items.length; i++) times.push(itemTimes[i])
      offsets.push(values.length)
    },
    users,
    get rows() {
      return users.length
    },
    table: (itemsKey) =>
      makeSequences({
        users,
        items: { offsets: Int32Array.from(offsets), values: Int32Array.from(values) },
        timestamps: withTimes ? Float64Array.from(times) : undefined,
        itemsKey,
      }),
  }
}

/** Collects cases row by row: `past` is all that came before, of which the last `length` items are the history. */
export interface CaseRows {
  add(user: string, past: Int32Array, targets: ArrayLike<number>, time?: number): void
  readonly rows: number
  readonly users: readonly string[]
  table(itemsKey: string): Table
}

export function caseRows(length: number, seen: 'all' | 'history', withTimes: boolean): CaseRows {
  const users: string[] = []
  const lists = { history: list(), seen: list(), targets: list() }
  const times: number[] = []
  return {
    add(user, past, targets, time) {
      users.push(user)
      const history = past.subarray(Math.max(0, past.length - length))
      lists.history.add(history)
      lists.seen.add(seen === 'all' ? past : history)
      lists.targets.add([...new Set(Array.from(targets))])
      times.push(time ?? Number.NaN)
    },
    users,
    get rows() {
      return users.length
    },
    table: (itemsKey) =>
      makeCases({
        users,
        history: lists.history.csr(),
        seen: lists.seen.csr(),
        targets: lists.targets.csr(),
        timestamps: withTimes ? Float64Array.from(times) : undefined,
        itemsKey,
      }),
  }
}

function list() {
  const offsets = [0]
  const values: number[] = []
  return {
    add(row: ArrayLike<number>) {
      for (let i = 0; i < row.length; i++) values.push(row[i])
      offsets.push(values.length)
    },
    csr: () => ({ offsets: Int32Array.from(offsets), values: Int32Array.from(values) }),
  }
}
