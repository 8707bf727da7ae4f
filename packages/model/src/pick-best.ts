import { mix32 } from '@sparc/tables'
import type { BlockScores } from './item-scorer.ts'
import { KERNEL_BYTES } from './pick-kernel-bytes.ts'
import { PAGE, wasmKernel } from './wasm.ts'

/** The lists of all users; `offsets` is known up to the user who is next. */
export interface Lists {
  offsets: Int32Array
  items: Int32Array
  scores: Float32Array
}

/** The compiled functions of `kernel/pick.ts`; addresses in bytes. */
interface Kernel {
  choose(
    maxima: number,
    groups: number,
    full: number,
    users: number,
    wanted: number,
    runs: number,
    ends: number,
    thresholds: number,
    scratch: number,
  ): number
  best(
    scores: number,
    width: number,
    runs: number,
    from: number,
    to: number,
    first: number,
    items: number,
    barred: number,
    bar: number,
    threshold: number,
    k: number,
    tie: number,
    room: number,
    outItems: number,
    outScores: number,
    scratch: number,
  ): number
}

const openKernel = wasmKernel<Kernel>(KERNEL_BYTES)
/** What `tieHash` mixes an item with, for its seed 0. */
const TIE = mix32(0x9e3779b9)
/** Bytes that the kernel counts in. */
const COUNTERS = 1024
/** In `barred`: an item that nobody gets. */
const NOBODY = -1

/**
 * Makes a function that appends the lists of a block's users, their `k` best, to `lists` from user `from` on: higher scores
 * first, ties by `tieHash`; scores that are no number or minus infinite are never among them. Of runs whose largest score is
 * known only those are read that can matter: some hundred scores instead of the catalogue.
 *
 * @param mask `[items]`, 0 = never picked
 */
export function createPicker(items: number, k: number, mask?: Uint8Array) {
  /** Candidates that are held before all but the best are dropped. */
  const room = 2 * k + 256
  const { memory, kernel } = openKernel({ initial: 1 })
  /** Who must not get an item: a user by number, or nobody may. */
  const barredBytes = Math.ceil(items / 2) * 8
  reserve(barredBytes)
  let masked = 0
  const barred = ints(0, items)
  for (let item = 0; mask && item < items; item++) {
    if (mask[item] === 0) {
      barred[item] = NOBODY
      masked++
    }
  }
  let user = 0

  function reserve(bytes: number): void {
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
  }
  function ints(at: number, length: number): Int32Array {
    return new Int32Array(memory.buffer, at, length)
  }

  /** @param seen items never picked for user `r` of the block */
  return (
    block: BlockScores,
    users: number,
    seen: ((r: number) => Int32Array) | undefined,
    lists: Lists,
    from: number,
  ): void => {
    const { groups, groupSize, largest } = block
    const scratch = barredBytes
    const wanted = scratch + 8 * Math.ceil(Math.max(24 * room, groups) / 8) + COUNTERS
    const ends = wanted + 4 * users
    const thresholds = ends + 4 * (users + 1)
    const outItems = thresholds + 4 * users
    const outScores = outItems + 4 * users * k
    const runs = outScores + 4 * users * k
    const maxima = runs + 4 * users * groups
    const scores = maxima + (largest ? 4 * users * groups : 0)
    reserve(scores)
    let count = users * groups
    if (largest) {
      // Runs behind these are copies.
      const full = Math.ceil(items / groupSize)
      const counts = ints(wanted, users)
      for (let r = 0; r < users; r++) counts[r] = Math.min(items, k + masked + (seen?.(r).length ?? 0))
      new Float32Array(memory.buffer, maxima, count).set(largest)
      count = kernel.choose(maxima, groups, full, users, wanted, runs, ends, thresholds, scratch)
    } else {
      ints(runs, count).forEach((_, run, all) => {
        all[run] = run
      })
      ints(ends, users + 1).forEach((_, r, all) => {
        all[r] = r * groups
      })
      new Float32Array(memory.buffer, thresholds, users).fill(Number.NEGATIVE_INFINITY)
    }
    const read = block.read(ints(runs, count))
    // The kernel looks at four scores at a time, and so past the last ones.
    reserve(scores + read.byteLength + 16)
    new Float32Array(memory.buffer, scores, read.length).set(read)
    const barred = ints(0, items)
    const stops = ints(ends, users + 1)
    const reached = new Float32Array(memory.buffer, thresholds, users)
    let length = 0
    for (let r = 0; r < users; r++) {
      user++
      if (seen) for (const item of seen(r)) if (barred[item] !== NOBODY) barred[item] = user
      length += kernel.best(
        scores,
        groupSize,
        runs,
        stops[r],
        stops[r + 1],
        r * groups,
        items,
        0,
        user,
        reached[r],
        k,
        TIE,
        room,
        outItems + 4 * length,
        outScores + 4 * length,
        scratch,
      )
      lists.offsets[from + r + 1] = lists.offsets[from] + length
    }
    lists.items.set(ints(outItems, length), lists.offsets[from])
    lists.scores.set(new Float32Array(memory.buffer, outScores, length), lists.offsets[from])
  }
}
