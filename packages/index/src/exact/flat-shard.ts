import type { Batch, EngineShard, ShardRows } from '../engine.ts'
import { CHUNK_BLOCKS, type Region } from './memory.ts'

/** Where shards get their memory from. */
export interface Memory {
  take(bytes: number): Region
}

/** Blocks of 16 rows that are scanned before the threshold of an empty collector is looked at again. */
export const FIRST_BLOCKS = 8

/** Float32 rows, in blocks of 16, dimension by dimension: the layout of `kernel/scan.ts`. */
export function flatShard(dim: number, memory: Memory): EngineShard {
  const width = dim + (dim & 1)
  let region: Region | undefined
  let length = 0

  function reserve(rows: number): Region {
    const blockBytes = width * 64
    const needed = Math.ceil(rows / 16) * blockBytes
    if (region && region.bytes >= needed) return region
    // The first rows get just their room; what grows gets a quarter more.
    const next = memory.take(region ? Math.ceil((needed * 1.25) / blockBytes) * blockBytes : needed)
    if (region) {
      next.arena.bytes.set(region.arena.bytes.subarray(region.at, region.at + region.bytes), next.at)
      region.arena.give(region)
    }
    region = next
    return next
  }
  const start = (row: number, at: number) => (at >> 2) + (((row >> 4) * width) << 4) + (row & 15)

  function scanOne(rows: ShardRows, batch: Batch, member: number, from: number, blocks: number): void {
    if (!region) return
    const { arena } = region
    const collector = batch.collectors[member]
    const { ordinal, items, length: visible, dead } = rows
    const first = from << 4
    const limit = Math.fround(collector.threshold)
    const found = arena.kernel.scanFloats(
      region.at + first * width * 4,
      blocks,
      width,
      arena.query,
      limit,
      first,
      arena.out,
    )
    const base = arena.out >> 2
    for (let i = 0; i < found; i++) {
      const row = arena.ints[base + 2 * i]
      if (row >= visible || (dead !== undefined && dead[row] === 1)) continue
      collector.offer(ordinal, row, items[row], arena.floats[base + 2 * i + 1])
    }
  }

  return {
    length: () => length,
    append(vectors, items) {
      const { arena, at } = reserve(length + items.length)
      const { floats } = arena
      for (let r = 0; r < items.length; r++) {
        let to = start(length + r, at)
        const end = (r + 1) * dim
        for (let from = r * dim; from < end; from++, to += 16) floats[to] = vectors[from]
      }
      length += items.length
    },
    scan(rows, batch, members) {
      const blocks = Math.ceil(rows.length / 16)
      if (!region || blocks === 0) return
      const query = region.arena.query >> 2
      // Queries take turns on a piece of the shard that stays in the cache.
      let from = 0
      let size = members.length > 1 ? CHUNK_BLOCKS / 2 : FIRST_BLOCKS
      while (from < blocks) {
        const count = Math.min(size, blocks - from)
        for (const member of members) {
          const { arena } = region
          for (let d = 0, at = member * dim; d < dim; d++, at++) arena.floats[query + d] = batch.vectors[at]
          if (width > dim) arena.floats[query + dim] = 0
          scanOne(rows, batch, member, from, count)
        }
        from += count
        size = Math.min(CHUNK_BLOCKS, 2 * size)
      }
    },
    dot(row, vectors, at) {
      if (!region) return Number.NaN
      const { floats } = region.arena
      let sum = 0
      let from = start(row, region.at)
      for (let d = 0; d < dim; d++, from += 16) sum += vectors[at + d] * floats[from]
      return sum
    },
    read(row, out, to) {
      if (!region) return
      const { floats } = region.arena
      let from = start(row, region.at)
      for (let d = 0; d < dim; d++, from += 16) out[to + d] = floats[from]
    },
    bytes: () => region?.bytes ?? 0,
    dump: () => ({}),
    release() {
      if (region) region.arena.give(region)
      region = undefined
    },
  }
}
