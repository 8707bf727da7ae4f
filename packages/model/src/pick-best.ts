import type { BlockScores } from './item-scorer.ts'
import { kBest } from './k-best.ts'

/** What is never picked. */
export interface Unwanted {
  /** `[items]`, 0 = never picked */
  mask?: Uint8Array
  /** Items never picked for user `r` of the block. */
  seen?: (r: number) => Int32Array
}

/** The lists of all users; `offsets` is known up to the user who is next. */
export interface Lists {
  offsets: Int32Array
  items: Int32Array
  scores: Float32Array
}

/**
 * Makes a function that appends the lists of a block's users, their `k` best, to `lists` from user `from` on. The k-th largest of the runs' maxima is a score that at
 * least k items reach, so only the runs whose maximum reaches it are read: some hundred scores instead of the catalogue.
 */
export function createPicker(items: number, k: number) {
  const best = kBest(k)
  const nthLargest = createSelection()
  let runs = new Int32Array(0)
  let end = 0

  /** Appends the runs that can matter to user `r` to `runs`; returns a score that all of the best reach. */
  function choose({ groups, groupSize, largest }: BlockScores, r: number, wanted: number): number {
    const first = r * groups
    /** Runs behind these hold no item of their own, and must not be counted. */
    const full = Math.ceil(items / groupSize)
    if (!largest || 2 * wanted > full) {
      for (let run = first; run < first + groups; run++) runs[end++] = run
      return Number.NEGATIVE_INFINITY
    }
    const { ofRuns, ofSeveral, together } = largest
    // The maxima of several runs give nearly as high a score, and there are fewer to select from.
    const count = groups / together
    const few = 3 * wanted <= count
    const least = few ? nthLargest(ofSeveral, r * count, count, wanted) : nthLargest(ofRuns, first, full, wanted)
    for (let at = r * count; at < (r + 1) * count; at++) {
      if (!(ofSeveral[at] >= least)) continue
      for (let run = at * together; run < (at + 1) * together; run++) if (ofRuns[run] >= least) runs[end++] = run
    }
    return least
  }

  /** Collects the best of user `r`, whose runs are `runs[from .. to)`, among scores that reach `threshold`. */
  function collect(
    scores: Float32Array,
    { groups, groupSize }: BlockScores,
    r: number,
    from: number,
    to: number,
    threshold: number,
    mask: Uint8Array | undefined,
    skip: Int32Array | undefined,
  ): void {
    const skipped = skip && skip.length > 0 ? new Set(skip) : undefined
    for (let n = from; n < to; n++) {
      const first = (runs[n] - r * groups) * groupSize
      const shift = n * groupSize - first
      const last = Math.min(items, first + groupSize)
      for (let item = first; item < last; item++) {
        const score = scores[item + shift]
        if (!(score >= threshold)) continue
        if (mask !== undefined && mask[item] === 0) continue
        if (skipped?.has(item)) continue
        best.push(item, score)
        if (best.threshold() > threshold) threshold = best.threshold()
      }
    }
  }

  return (block: BlockScores, users: number, { mask, seen }: Unwanted, lists: Lists, from: number): void => {
    if (runs.length < users * block.groups) runs = new Int32Array(users * block.groups)
    const thresholds = new Float32Array(users)
    const ends = new Int32Array(users + 1)
    end = 0
    for (let r = 0; r < users; r++) {
      thresholds[r] = choose(block, r, mask ? items : k + (seen?.(r).length ?? 0))
      ends[r + 1] = end
    }
    const scores = block.read(runs.subarray(0, end))
    for (let r = 0; r < users; r++) {
      collect(scores, block, r, ends[r], ends[r + 1], thresholds[r], mask, seen?.(r))
      const at = lists.offsets[from + r]
      lists.offsets[from + r + 1] = at + best.drain(lists.items, lists.scores, at)
    }
  }
}

/** Makes a function for the `nth` largest, counted from 1, of `length` numbers (Hoare's selection). */
function createSelection() {
  let room = new Float32Array(0)
  return (values: Float32Array, from: number, length: number, nth: number): number => {
    if (room.length < length) room = new Float32Array(length)
    for (let i = 0; i < length; i++) room[i] = values[from + i]
    let low = 0
    let high = length - 1
    while (low < high) {
      const pivot = room[(low + high) >> 1]
      let left = low
      let right = high
      while (left <= right) {
        while (room[left] > pivot) left++
        while (room[right] < pivot) right--
        if (left > right) break
        const held = room[left]
        room[left++] = room[right]
        room[right--] = held
      }
      if (nth - 1 <= right) high = right
      else if (nth - 1 >= left) low = left
      else break
    }
    return room[nth - 1]
  }
}
