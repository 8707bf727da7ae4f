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
  const reachedBy = createThreshold()
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
    const least = few ? reachedBy(ofSeveral, r * count, count, wanted) : reachedBy(ofRuns, first, full, wanted)
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

const BUCKETS = 128

/**
 * Makes a function for a value, among `length` numbers, that at least `wanted` of them reach, and few more: the smallest in
 * the bucket, of equal width, that holds the `wanted`-th largest.
 */
function createThreshold() {
  const counts = new Int32Array(BUCKETS)
  const smallest = new Float32Array(BUCKETS)
  return (values: Float32Array, from: number, length: number, wanted: number): number => {
    let most = values[from]
    let least = values[from]
    for (let at = from + 1; at < from + length; at++) {
      if (values[at] > most) most = values[at]
      else if (values[at] < least) least = values[at]
    }
    // Where the width is nothing or infinite, all fall into the first bucket.
    const scale = most > least ? (BUCKETS - 1) / (most - least) : 0
    counts.fill(0)
    smallest.fill(Number.POSITIVE_INFINITY)
    for (let at = from; at < from + length; at++) {
      const bucket = ((most - values[at]) * scale) | 0
      counts[bucket]++
      if (values[at] < smallest[bucket]) smallest[bucket] = values[at]
    }
    let bucket = 0
    for (let reached = counts[0]; reached < wanted && bucket < BUCKETS - 1; ) reached += counts[++bucket]
    return Math.min(smallest[bucket], most)
  }
}
