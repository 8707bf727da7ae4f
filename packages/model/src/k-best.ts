import { tieHash } from '@sparc/tables'

/** Positions that fit beside a score in one float64. */
const POSITIONS = 2 ** 21

/**
 * Keeps the `k` best of all (item, score) pairs pushed into it, as `topKHeap` does: higher scores first, ties by `tieHash`
 * (smaller first). It sorts when its room is full, which is cheaper than a heap where few more than `k` are pushed.
 */
export function kBest(k: number) {
  const room = 2 * k + 256
  let items = new Int32Array(Math.min(room, 4096))
  let scores = new Float32Array(items.length)
  let bits = new Int32Array(scores.buffer)
  let keys = new Float64Array(items.length)
  let size = 0
  let threshold = Number.NEGATIVE_INFINITY

  function grow(): void {
    const [oldItems, oldScores] = [items, scores]
    items = new Int32Array(Math.min(room, 2 * size))
    items.set(oldItems)
    scores = new Float32Array(items.length)
    scores.set(oldScores)
    bits = new Int32Array(scores.buffer)
    keys = new Float64Array(items.length)
  }

  /** Positions of what is held, best first, as the first `size` of `keys`. */
  function sort(): void {
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
    for (let start = 0; start < size; start++) {
      let end = start + 1
      while (end < size && scores[own[end]] === scores[own[start]]) end++
      if (end > start + 1) own.subarray(start, end).sort((a, b) => tieHash(items[a]) - tieHash(items[b]))
      start = end - 1
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
      intoItems[at + i] = items[keys[i]]
      intoScores[at + i] = scores[keys[i]]
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
