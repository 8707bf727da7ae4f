// Picks each user's best scores, in AssemblyScript; `tools/kernels.ts` compiles it to WebAssembly with SIMD. The plain reference
// is `topKHeap`, in ../src/pick-best.test.ts. Addresses in bytes.

const BUCKETS: i32 = 128
/** Digits of a key are bytes: a pass of the radix sort for each. */
const DIGITS: i32 = 256
/** Runs whose largest maximum is looked at as one, where there are many runs to select from. */
const TOGETHER: i32 = 4
/** The smallest finite float32: nothing that reaches it is minus infinite or no number. */
const LOWEST: f32 = -f32.MAX_VALUE

/**
 * Lists the runs of scores that can hold one of a user's `wanted` best, for each user. The `wanted`-th largest of the runs'
 * maxima is a score that so many items reach, so the runs whose maximum is smaller can be left alone.
 *
 * @param maxima f32 `[users, groups]`; `groups` a multiple of four
 * @param full runs that hold an item of their own: those behind are copies, and must not be counted
 * @param wanted i32 `[users]`
 * @param runs i32, filled with run numbers `user * groups + group`, one user after the other
 * @param ends i32 `[users + 1]`: where the runs of each user end
 * @param thresholds f32 `[users]`: a score that all of the best reach
 * @param scratch `groups + 8 BUCKETS` bytes
 * @returns how many runs there are
 */
export function choose(
  maxima: usize,
  groups: i32,
  full: i32,
  users: i32,
  wanted: usize,
  runs: usize,
  ends: usize,
  thresholds: usize,
  scratch: usize,
): i32 {
  let end = 0
  store<i32>(ends, 0)
  // Copies must not be looked at: an item counts once.
  const fours = full / TOGETHER
  for (let user = 0; user < users; user++) {
    const at = (<usize>user) << 2
    const count = load<i32>(wanted + at)
    const first = user * groups
    const row = maxima + ((<usize>first) << 2)
    let threshold = LOWEST
    // Where most runs would be wanted anyway, all are.
    if (2 * count <= full) {
      if (3 * count <= fours) {
        largestOfFours(row, fours, scratch)
        threshold = reachedBy(scratch, fours, count, scratch + ((<usize>fours) << 2))
      } else threshold = reachedBy(row, full, count, scratch)
    }
    const least = f32x4.splat(threshold)
    for (let group = 0; group < groups; group += 4) {
      let found = i32x4.bitmask(f32x4.ge(v128.load(row + ((<usize>group) << 2)), least))
      while (found) {
        store<i32>(runs + ((<usize>end) << 2), first + group + ctz(found))
        end++
        found &= found - 1
      }
    }
    store<i32>(ends + at + 4, end)
    store<f32>(thresholds + at, threshold)
  }
  return end
}

/** `out[i]` is the largest of `values[i]`, `values[i + count]`, `values[i + 2 count]` and `values[i + 3 count]`. */
function largestOfFours(values: usize, count: i32, out: usize): void {
  const stride = (<usize>count) << 2
  const last = stride >= 16 ? stride - 16 : 0
  let at: usize = 0
  while (at < stride) {
    const here = values + at
    const low = f32x4.max(v128.load(here), v128.load(here + stride))
    const high = f32x4.max(v128.load(here + 2 * stride), v128.load(here + 3 * stride))
    v128.store(out + at, f32x4.max(low, high))
    // The last four may overlap with those before.
    at = at < last && at + 16 > last ? last : at + 16
  }
}

/**
 * A value, among `length` numbers, that at least `wanted` of them reach, and few more: the smallest in the bucket, of equal
 * width, that holds the `wanted`-th largest.
 */
function reachedBy(values: usize, length: i32, wanted: i32, scratch: usize): f32 {
  let most = load<f32>(values)
  let least = most
  const end = values + ((<usize>length) << 2)
  let at = values
  let high = f32x4.splat(most)
  let low = high
  for (; at + 12 < end; at += 16) {
    const v = v128.load(at)
    high = f32x4.pmax(high, v)
    low = f32x4.pmin(low, v)
  }
  most = max(
    max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)),
    max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)),
  )
  least = min(
    min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)),
    min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)),
  )
  for (; at < end; at += 4) {
    most = max(most, load<f32>(at))
    least = min(least, load<f32>(at))
  }
  // Where the width is nothing or infinite, all fall into the first bucket.
  const scale: f32 = most > least ? <f32>(BUCKETS - 1) / (most - least) : 0
  const counts = scratch
  const smallest = scratch + ((<usize>BUCKETS) << 2)
  for (let b: usize = 0; b < (<usize>BUCKETS) << 2; b += 16) {
    v128.store(counts + b, i32x4.splat(0))
    v128.store(smallest + b, f32x4.splat(Infinity))
  }
  const top = f32x4.splat(most)
  const factor = f32x4.splat(scale)
  for (at = values; at + 12 < end; at += 16) {
    const v = v128.load(at)
    // What is no number becomes 0.
    const places = i32x4.shl(i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.sub(top, v), factor)), 2)
    count(counts, smallest, i32x4.extract_lane(places, 0), f32x4.extract_lane(v, 0))
    count(counts, smallest, i32x4.extract_lane(places, 1), f32x4.extract_lane(v, 1))
    count(counts, smallest, i32x4.extract_lane(places, 2), f32x4.extract_lane(v, 2))
    count(counts, smallest, i32x4.extract_lane(places, 3), f32x4.extract_lane(v, 3))
  }
  for (; at < end; at += 4) {
    const value = load<f32>(at)
    count(counts, smallest, (<i32>((most - value) * scale)) << 2, value)
  }
  let bucket: usize = 0
  let reached = load<i32>(counts)
  while (reached < wanted && bucket < (<usize>(BUCKETS - 1)) << 2) {
    bucket += 4
    reached += load<i32>(counts + bucket)
  }
  return max(min(load<f32>(smallest + bucket), most), LOWEST)
}

/** Counts a value in its bucket, `place` bytes behind the first. */
function count(counts: usize, smallest: usize, place: usize, value: f32): void {
  store<i32>(counts + place, load<i32>(counts + place) + 1)
  store<f32>(smallest + place, min(load<f32>(smallest + place), value))
}

/**
 * Writes a user's `k` best, best first, ties by `tieHash`: the items' numbers to `outItems` (i32), the scores to `outScores`
 * (f32). Scores that are no number or minus infinite are never among them.
 *
 * @param scores f32, rows of `width`: row `n` holds the scores of run `runs[n]`
 * @param runs those from `from` to `to` are the user's; run `first` begins with item 0
 * @param barred i32 `[items]`: items that say `bar`, or -1, are left out
 * @param tie what items are mixed with for their hash
 * @param room candidates that are held before all but the best `k` are dropped; more than `k`
 * @param scratch `24 * room + 4 * DIGITS` bytes, beginning at a multiple of eight; `room` is even
 * @returns how many there are
 */
export function best(
  scores: usize,
  width: i32,
  runs: usize,
  from: i32,
  to: i32,
  first: i32,
  items: i32,
  barred: usize,
  bar: i32,
  threshold: f32,
  k: i32,
  tie: i32,
  room: i32,
  outItems: usize,
  outScores: usize,
  scratch: usize,
): i32 {
  const keys = scratch
  const numbers = scratch + ((<usize>room) << 3)
  let held = 0
  threshold = max(threshold, LOWEST)
  let least = f32x4.splat(threshold)
  for (let n = from; n < to; n++) {
    const item = (load<i32>(runs + ((<usize>n) << 2)) - first) * width
    const last = min(width, items - item)
    const row = scores + <usize>n * ((<usize>width) << 2)
    for (let i = 0; i < last; i += 4) {
      let found = i32x4.bitmask(f32x4.ge(v128.load(row + ((<usize>i) << 2)), least))
      while (found) {
        const place = i + ctz(found)
        found &= found - 1
        const one = item + place
        if (place >= last) break
        const sign = load<i32>(barred + ((<usize>one) << 2))
        if (sign === -1 || sign === bar) continue
        if (held === room) {
          sort(keys, numbers, held, room, scratch)
          held = k
          // What is equal may still come before, by its hash.
          threshold = scoreOf(load<u64>(keys + ((<usize>(k - 1)) << 3)))
          least = f32x4.splat(threshold)
        }
        const score = load<f32>(row + ((<usize>place) << 2))
        if (score < threshold) continue
        store<u64>(keys + ((<usize>held) << 3), keyOf(score, mix(one ^ tie)))
        store<i32>(numbers + ((<usize>held) << 2), one)
        held++
      }
    }
  }
  sort(keys, numbers, held, room, scratch)
  const count = min(k, held)
  for (let i = 0; i < count; i++) {
    store<i32>(outItems + ((<usize>i) << 2), load<i32>(numbers + ((<usize>i) << 2)))
    store<f32>(outScores + ((<usize>i) << 2), scoreOf(load<u64>(keys + ((<usize>i) << 3))))
  }
  return count
}

/** `mix32` of @sparc/tables. */
function mix(value: i32): u32 {
  let h = <u32>value
  h = (h ^ (h >> 16)) * 0x85ebca6b
  h = (h ^ (h >> 13)) * 0xc2b2ae35
  return h ^ (h >> 16)
}

/** A number that is smaller for what ranks before: the score's bits, ordered and turned round, above the hash. */
function keyOf(score: f32, hash: u32): u64 {
  // 0 is added so that -0 becomes 0.
  const bits = reinterpret<u32>(score + 0)
  const ascending = bits ^ (<u32>(<i32>bits >> 31) | 0x80000000)
  return ((<u64>~ascending) << 32) | <u64>hash
}

function scoreOf(key: u64): f32 {
  const ascending = ~(<u32>(key >> 32))
  return reinterpret<f32>(ascending & 0x80000000 ? ascending ^ 0x80000000 : ~ascending)
}

/** Sorts `length` keys, and their numbers with them, by radix: of the scores alone where no two are equal. */
function sort(keys: usize, numbers: usize, length: i32, room: i32, scratch: usize): void {
  const otherKeys = numbers + ((<usize>room) << 2)
  const otherNumbers = otherKeys + ((<usize>room) << 3)
  const counts = scratch + 24 * <usize>room
  passes(4, keys, numbers, length, otherKeys, otherNumbers, counts)
  for (let i = 1; i < length; i++) {
    const at = keys + ((<usize>i) << 3)
    if (load<u32>(at, 4) === load<u32>(at - 8, 4)) {
      passes(0, keys, numbers, length, otherKeys, otherNumbers, counts)
      return
    }
  }
}

/** Passes of the sort by the bytes of the key from `byte` on, the least first. What all keys have in common takes no pass. */
function passes(
  byte: i32,
  keys: usize,
  numbers: usize,
  length: i32,
  otherKeys: usize,
  otherNumbers: usize,
  counts: usize,
): void {
  let fromKeys = keys
  let fromNumbers = numbers
  let toKeys = otherKeys
  let toNumbers = otherNumbers
  for (; byte < 8; byte++) {
    memory.fill(counts, 0, (<usize>DIGITS) << 2)
    for (let i = 0; i < length; i++) {
      const digit = counts + ((<usize>load<u8>(fromKeys + ((<usize>i) << 3) + byte)) << 2)
      store<i32>(digit, load<i32>(digit) + 1)
    }
    if (length === 0 || load<i32>(counts + ((<usize>load<u8>(fromKeys + byte)) << 2)) === length) continue
    let sum = 0
    for (let d: usize = 0; d < (<usize>DIGITS) << 2; d += 4) {
      const count = load<i32>(counts + d)
      store<i32>(counts + d, sum)
      sum += count
    }
    for (let i = 0; i < length; i++) {
      const key = load<u64>(fromKeys + ((<usize>i) << 3))
      const digit = counts + ((<usize>((key >> ((<u64>byte) << 3)) & 255)) << 2)
      const place = <usize>load<i32>(digit)
      store<i32>(digit, <i32>place + 1)
      store<u64>(toKeys + (place << 3), key)
      store<i32>(toNumbers + (place << 2), load<i32>(fromNumbers + ((<usize>i) << 2)))
    }
    let swap = fromKeys
    fromKeys = toKeys
    toKeys = swap
    swap = fromNumbers
    fromNumbers = toNumbers
    toNumbers = swap
  }
  if (fromKeys === keys) return
  memory.copy(keys, fromKeys, (<usize>length) << 3)
  memory.copy(numbers, fromNumbers, (<usize>length) << 2)
}
