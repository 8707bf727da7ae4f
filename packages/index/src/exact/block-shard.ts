import { type Collector, kthLargest } from '../collector.ts'
import type { Batch, EngineShard, ShardRows } from '../engine.ts'
import type { Layout } from './layout.ts'
import { CHUNK_BLOCKS, type Region } from './memory.ts'

/** Where shards get their memory from. */
export interface Memory {
  take(bytes: number): Region
}

/** Dot products of the last scan. */
const scores = new Float64Array(CHUNK_BLOCKS * 16)
const maxima = new Float64Array(CHUNK_BLOCKS * 8)

/** Rows in blocks of 16, in WebAssembly memory. */
export function blockShard(layout: Layout, memory: Memory): EngineShard {
  let region: Region | undefined
  let length = 0

  function reserve(rows: number): Region {
    const needed = Math.ceil(rows / 16) * layout.blockBytes
    if (region && region.bytes >= needed) return region
    // The first rows get just their room; what grows gets a quarter more.
    const blocks = Math.ceil((rows * (region ? 1.25 : 1)) / 16)
    const next = memory.take(blocks * layout.blockBytes)
    if (region) {
      next.arena.bytes.set(region.arena.bytes.subarray(region.at, region.at + region.bytes), next.at)
      region.arena.give(region)
    }
    region = next
    return next
  }

  /**
   * A threshold to begin with, from rows that were all scored: the k-th largest of the maxima of a few rows each is a score
   * that at least k rows reach.
   */
  function begin(collector: Collector, { from, length: visible, dead }: ShardRows, found: number): void {
    const scored = Math.min(found, visible)
    const together = Math.min(16, Math.floor(scored / (1.25 * (collector.k + collector.excluded))))
    if (together < 2 || from || dead !== undefined || collector.filtered) return
    const groups = Math.floor(scored / together)
    for (let g = 0, i = 0; g < groups; g++) {
      let most = scores[i++]
      for (let n = 1; n < together; n++, i++) most = Math.max(most, scores[i])
      maxima[g] = most
    }
    collector.raise(kthLargest(maxima, groups, collector.k + collector.excluded) - 2 * collector.margin)
  }

  /** Scans some blocks for one query. */
  function scanPart(rows: ShardRows, batch: Batch, member: number, from: number, blocks: number, part: Region): void {
    const { arena } = part
    const collector = batch.collectors[member]
    const { ordinal, items, from: begins = 0, length: visible, dead } = rows
    const at = part.at + from * layout.blockBytes
    const found = layout.scan(arena, at, blocks, collector.threshold, from << 4)
    layout.scores(arena, found, scores)
    if (collector.threshold === Number.NEGATIVE_INFINITY) begin(collector, rows, found)
    const { ints } = arena
    for (let i = 0, pair = arena.out >> 2; i < found; i++, pair += 2) {
      if (!(scores[i] >= collector.threshold)) continue
      const row = ints[pair]
      if (row < begins || row >= visible || (dead !== undefined && dead[row] === 1)) continue
      collector.offer(ordinal, row, items[row], scores[i])
    }
  }

  return {
    length: () => length,
    append(vectors, items) {
      if (items.length === 0) return
      const { arena, at } = reserve(length + items.length)
      const dim = vectors.length / items.length
      for (let r = 0; r < items.length; r++) layout.write(arena, at, length + r, vectors, r * dim)
      length += items.length
    },
    scan(rows, batch, members) {
      const blocks = Math.ceil(rows.length / 16)
      if (!region || blocks === 0) return
      const dim = batch.dim
      const alone = members.length === 1
      if (alone) layout.prepare(region.arena, batch.vectors, members[0] * dim)
      // Several queries take turns on a piece of the shard that stays in the cache.
      const most = alone ? CHUNK_BLOCKS : CHUNK_BLOCKS / 2
      for (let from = (rows.from ?? 0) >> 4; from < blocks; ) {
        const count = Math.min(most, blocks - from)
        for (const member of members) {
          if (!alone) layout.prepare(region.arena, batch.vectors, member * dim)
          scanPart(rows, batch, member, from, count, region)
        }
        from += count
      }
    },
    read(row, out, to) {
      if (region) layout.read(region.arena, region.at, row, out, to)
    },
    bytes: () => region?.bytes ?? 0,
    release() {
      if (region) region.arena.give(region)
      region = undefined
    },
  }
}
