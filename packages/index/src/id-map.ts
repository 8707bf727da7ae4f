import { mix32 } from '@sparc/tables'

const PAGE = 4096
const ABSENT = 0xffff

/** Where an item is: the ordinal of its shard and its row in there. */
interface Page {
  shards: Uint16Array
  rows: Int32Array
  /** Entry of the item's id plus one; 0 = never seen. */
  entries: Int32Array
}

/**
 * Item number -> id and place, in about 14 bytes an item plus the id itself. Ids stay known after a removal, because a
 * row number never changes its item. Only the writer changes it.
 */
export function idMap() {
  const pages: (Page | undefined)[] = []
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let text = new Uint8Array(0)
  let offsets = new Uint32Array(1)
  let entryItems = new Int32Array(0)
  let entries = 0
  let largest = -1
  /** Open addressing over the bytes of ids, made when an id is first looked up: entry + 1. */
  let table: Int32Array | undefined

  const page = (item: number): Page => {
    const number = Math.floor(item / PAGE)
    pages[number] ??= {
      shards: new Uint16Array(PAGE).fill(ABSENT),
      rows: new Int32Array(PAGE),
      entries: new Int32Array(PAGE),
    }
    return pages[number]
  }
  const entryOf = (item: number) => (pages[Math.floor(item / PAGE)]?.entries[item % PAGE] ?? 0) - 1

  function hashBytes(bytes: Uint8Array, from: number, to: number): number {
    let h = 0x811c9dc5
    for (let i = from; i < to; i++) h = Math.imul(h ^ bytes[i], 0x01000193)
    return mix32(h)
  }
  function insert(into: Int32Array, entry: number): void {
    const mask = into.length - 1
    let slot = hashBytes(text, offsets[entry], offsets[entry + 1]) & mask
    while (into[slot] !== 0) slot = (slot + 1) & mask
    into[slot] = entry + 1
  }
  function lookUp(): Int32Array {
    if (table && table.length >= 1.5 * entries) return table
    let size = 16
    while (size < 1.5 * entries) size *= 2
    table = new Int32Array(size)
    for (let entry = 0; entry < entries; entry++) insert(table, entry)
    return table
  }
  function entryOfId(id: string): number {
    const bytes = encoder.encode(id)
    const from = lookUp()
    const mask = from.length - 1
    let slot = hashBytes(bytes, 0, bytes.length) & mask
    for (; from[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = from[slot] - 1
      const start = offsets[entry]
      if (offsets[entry + 1] - start !== bytes.length) continue
      let same = true
      for (let i = 0; same && i < bytes.length; i++) same = text[start + i] === bytes[i]
      if (same) return entry
    }
    return -1
  }

  return {
    /** Largest item number ever seen plus one. */
    limit: () => largest + 1,
    /** Makes room for so many more ids at once, so that nothing is left over. */
    reserve(ids: readonly string[]) {
      let bytes = offsets[entries]
      for (const id of ids) bytes += Buffer.byteLength(id)
      if (bytes > text.length) text = grown(text, bytes, Uint8Array)
      if (entries + ids.length + 1 > offsets.length) {
        offsets = grown(offsets, entries + ids.length + 1, Uint32Array)
        entryItems = grown(entryItems, entries + ids.length, Int32Array)
      }
    },
    /** Gives a new item its id. */
    name(item: number, id: string) {
      const bytes = encoder.encode(id)
      const at = offsets[entries]
      if (at + bytes.length > text.length) text = grown(text, Math.ceil((at + bytes.length) * 1.25), Uint8Array)
      if (entries + 2 > offsets.length) {
        offsets = grown(offsets, Math.ceil((entries + 2) * 1.25), Uint32Array)
        entryItems = grown(entryItems, offsets.length, Int32Array)
      }
      text.set(bytes, at)
      offsets[entries + 1] = at + bytes.length
      entryItems[entries] = item
      page(item).entries[item % PAGE] = entries + 1
      if (item > largest) largest = item
      entries++
      if (table) {
        if (table.length < 1.5 * entries) table = undefined
        else insert(table, entries - 1)
      }
    },
    /** The id of an item, or undefined where it was never seen. */
    id(item: number): string | undefined {
      const entry = entryOf(item)
      return entry < 0 ? undefined : decoder.decode(text.subarray(offsets[entry], offsets[entry + 1]))
    },
    /** The item of an id, or -1. */
    item(id: string): number {
      const entry = entryOfId(id)
      return entry < 0 ? -1 : entryItems[entry]
    },
    /** Shard ordinal of a live item, or -1. */
    shard(item: number): number {
      const shard = pages[Math.floor(item / PAGE)]?.shards[item % PAGE] ?? ABSENT
      return shard === ABSENT ? -1 : shard
    },
    row: (item: number) => pages[Math.floor(item / PAGE)]?.rows[item % PAGE] ?? -1,
    place(item: number, shard: number, row: number) {
      const { shards, rows } = page(item)
      shards[item % PAGE] = shard
      rows[item % PAGE] = row
    },
    displace(item: number) {
      page(item).shards[item % PAGE] = ABSENT
    },
    /** Every item ever seen, with its id, in order of arrival. */
    all(): { items: Int32Array; offsets: Uint32Array; text: Uint8Array } {
      return {
        items: entryItems.slice(0, entries),
        offsets: offsets.slice(0, entries + 1),
        text: text.slice(0, offsets[entries]),
      }
    },
    /** Takes what `all` gave. */
    restore(savedItems: Int32Array, savedOffsets: Uint32Array, savedText: Uint8Array) {
      text = Uint8Array.from(savedText)
      offsets = Uint32Array.from(savedOffsets)
      entryItems = Int32Array.from(savedItems)
      entries = savedItems.length
      for (let entry = 0; entry < entries; entry++) {
        const item = entryItems[entry]
        page(item).entries[item % PAGE] = entry + 1
        if (item > largest) largest = item
      }
    },
    bytes(): number {
      const paged = pages.reduce((sum, one) => sum + (one ? PAGE * 10 : 0), 0)
      return paged + text.byteLength + offsets.byteLength + entryItems.byteLength + (table?.byteLength ?? 0)
    },
  }
}

/** See `idMap`. */
export type IdMap = ReturnType<typeof idMap>

function grown<T extends Uint8Array | Uint32Array | Int32Array>(
  from: T,
  length: number,
  type: new (length: number) => T,
): T {
  const to = new type(length)
  to.set(from)
  return to
}
