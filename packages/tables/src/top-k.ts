import { tieHash } from './random.ts'

/** Which scores `topK` may choose from, and how ties fall. */
export interface TopKOptions {
  /** Item number of `scores[0]`. Default 0. */
  first?: number
  /** Mask over the items (`mask[item]`): 0 means never chosen. */
  mask?: Uint8Array
  /** Items never chosen, for example a user's history. */
  skip?: Int32Array
  /** Seed of the tie-break. Default 0. */
  seed?: number
}

/** The `k` best: best first. */
export interface TopK {
  items: Int32Array
  scores: Float32Array
}

/**
 * A bounded heap that keeps the `k` best of all (item, score) pairs pushed into it: higher scores first, ties by
 * `tieHash` (smaller first). NaN and -Infinity are never kept.
 */
export function topKHeap(k: number, seed = 0) {
  const items = new Int32Array(k)
  const scores = new Float32Array(k)
  const hashes = new Uint32Array(k)
  let size = 0

  /** True when entry `a` ranks behind entry `b`. */
  const behind = (a: number, b: number) => scores[a] < scores[b] || (scores[a] === scores[b] && hashes[a] > hashes[b])
  const swap = (a: number, b: number) => {
    const item = items[a]
    items[a] = items[b]
    items[b] = item
    const score = scores[a]
    scores[a] = scores[b]
    scores[b] = score
    const hash = hashes[a]
    hashes[a] = hashes[b]
    hashes[b] = hash
  }
  const sink = (at: number, end: number) => {
    for (;;) {
      const left = 2 * at + 1
      if (left >= end) return
      const right = left + 1
      const worst = right < end && behind(right, left) ? right : left
      if (!behind(worst, at)) return
      swap(worst, at)
      at = worst
    }
  }
  return {
    /** The score below which nothing is kept any more: -Infinity until `k` are held. */
    threshold: () => (size < k ? Number.NEGATIVE_INFINITY : k === 0 ? Number.POSITIVE_INFINITY : scores[0]),
    push(item: number, score: number) {
      if (!(score > Number.NEGATIVE_INFINITY)) return
      if (size < k) {
        let at = size++
        items[at] = item
        scores[at] = score
        hashes[at] = tieHash(item, seed)
        while (at > 0) {
          const parent = (at - 1) >> 1
          if (!behind(at, parent)) break
          swap(at, parent)
          at = parent
        }
        return
      }
      if (k === 0 || score < scores[0]) return
      // Compare as the float32 that would be stored, else a tie in storage could be kept out of order.
      const rounded = Math.fround(score)
      const hash = tieHash(item, seed)
      if (rounded < scores[0] || (rounded === scores[0] && hash >= hashes[0])) return
      items[0] = item
      scores[0] = rounded
      hashes[0] = hash
      sink(0, size)
    },
    /** Sorts and returns what was kept, and empties the heap. */
    drain(): TopK {
      const kept = size
      for (let end = size - 1; end > 0; end--) {
        swap(0, end)
        sink(0, end)
      }
      size = 0
      return { items: items.slice(0, kept), scores: scores.slice(0, kept) }
    },
  }
}

/**
 * The `k` best of a dense array of scores, best first; fewer where fewer are allowed.
 *
 * @param scores one score per item, `[items]`; NaN and -Infinity are never chosen
 *
 * @example topK(Float32Array.of(0.1, 0.9, 0.5), 2).items // Int32Array [1, 2]
 */
export function topK(scores: Float32Array, k: number, options: TopKOptions = {}): TopK {
  const { first = 0, mask, skip, seed = 0 } = options
  const heap = topKHeap(Math.min(k, scores.length), seed)
  const skipped = skip && skip.length > 0 ? new Set(skip) : undefined
  let threshold = Number.NEGATIVE_INFINITY
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    if (score < threshold) continue
    const item = first + i
    if (mask !== undefined && mask[item] === 0) continue
    if (skipped?.has(item)) continue
    heap.push(item, score)
    threshold = heap.threshold()
  }
  return heap.drain()
}
