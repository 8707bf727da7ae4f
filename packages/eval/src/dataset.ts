import { createHash, type Hash } from 'node:crypto'
import { type Csr, type Interactions, readInteractions, readItems } from '@sparc/tables'
import { DataType, Table } from 'apache-arrow'

/** Interactions prepared once, so that every split, model and metric speaks of the same rows. */
export interface Dataset {
  name: string
  /** One row per item, in order of first appearance in the source; features where anything is known. */
  items: Table
  /** Grouped by user (in order of first appearance), oldest first, rows of the same time shuffled by the seed. */
  interactions: Table
  /** `order` where the source knows only what came before what: the timestamps are null then. */
  time: 'known' | 'order'
  /** 16 hexadecimal digits: a hash of both tables and of the options. Equal fingerprints, equal data. */
  fingerprint: string
  /** The preparation as a value: everything that decides which rows there are, and in which order. */
  options: PreparationOptions
  /** What was read, and what the preparation left out. */
  counts: PreparationCounts
  /** One sentence for each thing that a reader of the numbers should know. */
  notes: string[]
  /** A split by user that came with the data, on which other software was measured. */
  published?: PublishedSplit
}

export interface PreparationOptions {
  seed: number
  /** Least number of interactions; `iterated` repeats until every user and item has them. */
  kCore?: { users: number; items: number; iterated: boolean }
  minRating?: number
  /** Milliseconds, inclusive. */
  from?: number
  /** Milliseconds, exclusive. */
  to?: number
  /** What happens to a second interaction of a user with an item. */
  duplicates: 'first' | 'last' | 'keep'
  [option: string]: unknown
}

export interface PreparationCounts {
  /** Rows of the source, broken ones included. */
  read: number
  broken: number
  /** Left out by rating or date. */
  filtered: number
  duplicates: number
  /** Left out by the k-core. */
  sparse: number
  users: number
  items: number
  interactions: number
}

/** A split by user as it came with the data: row `r` is one user's whole sequence, oldest first. */
export interface PublishedSplit {
  /** The seed that it was drawn with. */
  seed: number
  /** Rows into the user ids of the interactions. */
  users: Int32Array
  /** 0 train, 1 validation, 2 test. */
  parts: Uint8Array
  items: Csr
}

function updateStrings(hash: Hash, values: readonly (string | null)[]): void {
  for (let start = 0; start < values.length; start += 4096) {
    const part = values.slice(start, start + 4096)
    hash.update(part.map((value) => (value === null ? '-' : `${value.length}:${value}`)).join(''))
  }
}

/** `JSON.stringify` with the keys of every object in order. */
function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, held]) => held !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, held]) => `${JSON.stringify(key)}:${stable(held)}`)
    .join(',')}}`
}

/**
 * A name for exactly this data: 16 hexadecimal digits of SHA-256 over the prepared tables and the options. Printed with
 * every result, and checked before an interrupted run goes on.
 *
 * @example fingerprint(dataset.items, dataset.interactions, dataset.options) === dataset.fingerprint
 */
export function fingerprint(items: Table, interactions: Table | Interactions, options: PreparationOptions): string {
  const hash = createHash('sha256').update(stable(options))
  const catalogue = readItems(items)
  updateStrings(hash, catalogue.ids)
  for (const field of items.schema.fields) {
    if (field.name === 'id') continue
    hash.update(field.name)
    if (!DataType.isList(field.type)) updateStrings(hash, catalogue.strings(field.name) ?? [])
    else for (const list of catalogue.lists(field.name) ?? []) updateStrings(hash, [String(list.length), ...list])
  }
  const log = interactions instanceof Table ? readInteractions(interactions) : interactions
  updateStrings(hash, log.userIds)
  hash.update(bytes(log.users)).update(bytes(log.items))
  if (log.timestamps) hash.update(bytes(log.timestamps))
  return hash.digest('hex').slice(0, 16)
}

function bytes(values: Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
