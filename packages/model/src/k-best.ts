import { tieHash } from '@sparc/tables'

/** Positions that fit beside a score in one float64. */
const POSITIONS = 2 ** 21
/** As many are sorted by buckets. */
const FEW = 512
const BUCKETS = 128
const buckets = new Uint8Array(FEW)
/** Where each bucket begins. */
const starts = new Int32Array(BUCKETS + 1)

/**
 * Keeps the `k` best of all (item, score) pairs pushed into it, as `topKHeap` does: higher scores first, ties by `tieHash`
 * (smaller first). It sorts when its room is full, which is cheaper than a heap where few more than `k` are pushed.
 */
export function kBest(k: number) {
  const room = 2 * k + 256
  let items = new Int32Array(Math.min(room, 4096))
  let scores = new Float32Array(items.length)
  let bits = new Int32Array(scores.buffer)
  let order = new Int32Array(items.length)
  let keys = new Float64Array(0)
  let size = 0
  let threshold = Number.NEGATIVE_INFINITY

  function grow(): void {
    const [oldItems, oldScores] = [items, scores]
    items = new Int32Array(Math.min(room, 2 * size))
    items.set(oldItems)
    scores = new Float32Array(items.length)
    scores.set(oldScores)
    bits = new Int32Array(scores.buffer)
    order = new Int32Array(items.length)
  }

  /** True where what is held at `a` ranks before what is held at `b`. */
  function before(a: number, b: number): boolean {
    return scores[a] > scores[b] || (scores[a] === scores[b] && tieHash(items[a]) < tieHash(items[b]))
  }

  /** Fills `order` with the positions of what is held, best first. */
  function sort(): void {
    if (size <= FEW) sortFew()
    else sortMany()
  }

  /** By counting into buckets of equal width, then by insertion, which has little left to do. */
  function sortFew(): void {
    let most = scores[0]
    let least = scores[0]
    for (let i = 1; i < size; i++) {
      if (scores[i] > most) most = scores[i]
      else if (scores[i] < least) least = scores[i]
    }
    const scale = most > least ? (BUCKETS - 1) / (most - least) : 0
    starts.fill(0)
    for (let i = 0; i < size; i++) {
      // Not a number, where the width is infinite or nothing, becomes 0.
      buckets[i] = (most - scores[i]) * scale
      starts[buckets[i] + 1]++
    }
    for (let bucket = 1; bucket < BUCKETS; bucket++) starts[bucket] += starts[bucket - 1]
    for (let i = 0; i < size; i++) order[starts[buckets[i]]++] = i
    for (let n = 1; n < size; n++) {
      const held = order[n]
      let at = n
      for (; at > 0 && before(held, order[at - 1]); at--) order[at] = order[at - 1]
      order[at] = held
    }
  }

  function sortMany(): void {
    if (keys.length < size) keys = new Float64Array(items.length)
    const own = keys.subarray(0, size)
    if (size >= POSITIONS) {
      for (let i = 0; i < size; i++) own[i] = i
      own.sort((a, b) => scores[b] - scores[a])
    } else {
      // The bits of a float32 are ordered as whole numbers are, the negative ones backwards.
      for (let i = 0; i < size; i++) own[i] = (bits[i] < 0 ? bits[i] ^ 0x7fffffff : bits[i]) * -POSITIONS + i
      own.sort()
      for (let i = 0; i < size; i++) own[i] -= Math.floor(own[i] / POSITIONS) * POSITIONS
    }
    for (let i = 0; i < size; i++) order[i] = own[i]
    for (let start = 0; start < size; ) {
      let end = start + 1
      while (end < size && scores[order[end]] === scores[order[start]]) end++
      if (end > start + 1) order.subarray(start, end).sort((a, b) => (before(a, b) ? -1 : 1))
      start = end
    }
  }

  /** Drops all but the `k` best. */
  function shrink(): void {
    const [keptItems, keptScores] = [new Int32Array(k), new Float32Array(k)]
    const kept = drain(keptItems, keptScores, 0)
    items.set(keptItems)
    scores.set(keptScores)
    size = kept
    threshold = k === 0 ? Number.POSITIVE_INFINITY : scores[k - 1]
  }

  function drain(intoItems: Int32Array, intoScores: Float32Array, at: number): number {
    sort()
    const kept = Math.min(k, size)
    for (let i = 0; i < kept; i++) {
      intoItems[at + i] = items[order[i]]
      intoScores[at + i] = scores[order[i]]
    }
    size = 0
    threshold = Number.NEGATIVE_INFINITY
    return kept
  }

  return {
    /** A score below which nothing is kept any more. */
    threshold: () => threshold,
    /** @param score NaN and -Infinity are never kept */
    push(item: number, score: number) {
      if (!(score > Number.NEGATIVE_INFINITY)) return
      if (size === items.length) {
        if (size < room) grow()
        else shrink()
      }
      items[size] = item
      scores[size++] = score
    },
    /** Writes what was kept to two arrays from `at` on, best first, and forgets it; returns how many there were. */
    drain,
  }
}
