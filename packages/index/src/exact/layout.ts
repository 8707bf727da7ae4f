import { type Arena, CHUNK_BLOCKS, type Region } from './memory.ts'

/** How the rows of a shard lie in an arena, and which kernel scans them. Rows come in blocks of 16. */
export interface Layout {
  readonly blockBytes: number
  /** Writes row `row` of the shard that begins at byte `at`. */
  write(arena: Arena, at: number, row: number, vectors: Float32Array, from: number): void
  /** Writes a row's vector to `out[to]`. */
  read(arena: Arena, at: number, row: number, out: Float32Array, to: number): void
  /** Puts a query where the kernel reads it. */
  prepare(arena: Arena, vectors: Float32Array, from: number): void
  /**
   * Scans blocks for the prepared query: pairs of a row number and a raw score, at or above the threshold, go to
   * `arena.out`; returns how many.
   */
  scan(arena: Arena, at: number, blocks: number, threshold: number, first: number): number
  /** Writes the dot products of the first `count` pairs of the last scan to `out`. */
  scores(arena: Arena, count: number, out: Float64Array): void
}

/** Float32, `[block][dim][16]`. */
export function flatLayout(dim: number): Layout {
  const width = dim + (dim & 1)
  // Whole numbers all the way: a division would make every index below a float.
  const start = (at: number, row: number) => (at >>> 2) + Math.imul(row >> 4, width * 16) + (row & 15)
  return {
    blockBytes: width * 64,
    write({ floats }, at, row, vectors, from) {
      for (let d = 0, to = start(at, row); d < dim; d++, to += 16) floats[to] = vectors[from + d]
    },
    read({ floats }, at, row, out, to) {
      for (let d = 0, from = start(at, row); d < dim; d++, from += 16) out[to + d] = floats[from]
    },
    prepare(arena, vectors, from) {
      const to = arena.query >> 2
      for (let d = 0; d < dim; d++) arena.floats[to + d] = vectors[from + d]
      if (width > dim) arena.floats[to + dim] = 0
    },
    scan: (arena, at, blocks, threshold, first) =>
      arena.kernel.scanFloats(at, blocks, width, arena.query, Math.fround(threshold), first, arena.out),
    scores({ floats, out: pairs }, count, out) {
      for (let i = 0, at = (pairs >> 2) + 1; i < count; i++, at += 2) out[i] = floats[at]
    },
  }
}

/** Writes the dot products of the first `count` rows of a region with the query at `vectors[at]` to `out`. */
export function allProducts(
  layout: Layout,
  { arena, at: start }: Region,
  count: number,
  vectors: Float32Array,
  at: number,
  out: Float64Array,
): void {
  layout.prepare(arena, vectors, at)
  for (let first = 0; first < count; first += CHUNK_BLOCKS * 16) {
    const rows = Math.min(count - first, CHUNK_BLOCKS * 16)
    const from = start + (first >> 4) * layout.blockBytes
    layout.scan(arena, from, Math.ceil(rows / 16), Number.NEGATIVE_INFINITY, first)
    layout.scores(arena, rows, first === 0 ? out : out.subarray(first))
  }
}
