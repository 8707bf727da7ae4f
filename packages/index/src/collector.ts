/** True where a sorted array holds a value. */
export function hasSorted(sorted: Int32Array, value: number): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low < sorted.length && sorted[low] === value
}

/** The `k`-th largest of `values[0 .. length)` (Hoare's selection); reorders them. */
export function kthLargest(values: Float64Array, length: number, k: number): number {
  let left = 0
  let right = length - 1
  const target = k - 1
  while (left < right) {
    const pivot = values[(left + right) >> 1]
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] > pivot) i++
      while (values[j] < pivot) j--
      if (i <= j) {
        const held = values[i]
        values[i++] = values[j]
        values[j--] = held
      }
    }
    if (target <= j) right = j
    else if (target >= i) left = i
    else break
  }
  return values[target]
}

let scratch = new Float64Array(1024)

/**
 * Collects the candidates of one query: all rows whose approximate dot product could still belong to the `k` best, the
 * approximation being off by at most `margin`. What is excluded or filtered out never enters, so that it cannot crowd
 * out what is allowed.
 */
export class Collector {
  /** Rows below are of no use any more. Engines read it while they scan. */
  threshold: number
  size = 0
  scores: Float64Array
  shards: Int32Array
  rows: Int32Array
  items: Int32Array
  k = 0
  margin = 0
  private skip: Int32Array | undefined
  private accept: ((item: number) => boolean) | undefined

  constructor(room: number) {
    this.threshold = Number.POSITIVE_INFINITY
    this.scores = new Float64Array(room)
    this.shards = new Int32Array(room)
    this.rows = new Int32Array(room)
    this.items = new Int32Array(room)
  }

  /**
   * Begins a query.
   *
   * @param k how many are wanted; Infinity for all at or above `floor`
   * @param skip sorted items that are never collected
   */
  begin(
    k: number,
    margin: number,
    skip?: Int32Array,
    accept?: (item: number) => boolean,
    floor = Number.NEGATIVE_INFINITY,
  ): void {
    this.k = k
    this.margin = margin
    this.skip = skip && skip.length > 0 ? skip : undefined
    this.accept = accept
    this.threshold = k === 0 ? Number.POSITIVE_INFINITY : floor
    this.size = 0
  }

  /** Asks for scores of at least this from here on. */
  raise(threshold: number): void {
    if (threshold > this.threshold) this.threshold = threshold
  }

  /** True where only a predicate knows what may be collected. */
  get filtered(): boolean {
    return this.accept !== undefined
  }

  /** What the predicate says. */
  accepts(item: number): boolean {
    return this.accept === undefined || this.accept(item)
  }

  /** How many items are excluded one by one. */
  get excluded(): number {
    return this.skip?.length ?? 0
  }

  /** Drops the candidates of a shard, which is about to be scanned again. */
  forget(shard: number): void {
    this.keep((i) => this.shards[i] !== shard)
  }

  private keep(wanted: (i: number) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.size; i++) {
      if (!wanted(i)) continue
      this.scores[kept] = this.scores[i]
      this.shards[kept] = this.shards[i]
      this.rows[kept] = this.rows[i]
      this.items[kept++] = this.items[i]
    }
    this.size = kept
  }

  offer(shard: number, row: number, item: number, score: number): void {
    if (!(score >= this.threshold)) return
    if (this.skip !== undefined && hasSorted(this.skip, item)) return
    if (this.accept !== undefined && !this.accept(item)) return
    const at = this.size++
    this.scores[at] = score
    this.shards[at] = shard
    this.rows[at] = row
    this.items[at] = item
    if (this.size === this.scores.length) this.tighten()
  }

  /** Drops what can't be among the `k` best any more and raises the threshold; makes room where nothing can be dropped. */
  tighten(): void {
    if (this.size >= this.k) {
      if (scratch.length < this.size) scratch = new Float64Array(2 * this.size)
      for (let i = 0; i < this.size; i++) scratch[i] = this.scores[i]
      const cut = kthLargest(scratch, this.size, this.k) - 2 * this.margin
      if (cut > this.threshold) this.threshold = cut
      this.keep((i) => this.scores[i] >= this.threshold)
    }
    if (2 * this.size > this.scores.length) this.grow()
  }

  private grow(): void {
    const room = 2 * this.scores.length
    const scores = new Float64Array(room)
    scores.set(this.scores)
    this.scores = scores
    const widen = (values: Int32Array) => {
      const wider = new Int32Array(room)
      wider.set(values)
      return wider
    }
    this.shards = widen(this.shards)
    this.rows = widen(this.rows)
    this.items = widen(this.items)
  }
}

/** Collectors at rest, by their first room. */
const resting = new Map<number, Collector[]>()
const MOST_RESTING = 1024

/** A collector, one at rest where there is: making them costs more than a shard of a thousand rows. */
export function takeCollector(
  k: number,
  margin: number,
  skip?: Int32Array,
  accept?: (item: number) => boolean,
  floor?: number,
): Collector {
  const room = Number.isFinite(k) ? 3 * k + 32 : 256
  const collector = resting.get(room)?.pop() ?? new Collector(room)
  collector.begin(k, margin, skip, accept, floor)
  return collector
}

/** Lays collectors to rest. Nobody may hold on to them. */
export function giveCollectors(collectors: readonly Collector[]): void {
  for (const collector of collectors) {
    const room = collector.scores.length
    const shelf = resting.get(room) ?? []
    if (shelf.length === 0) {
      if (resting.size >= 8) resting.clear()
      resting.set(room, shelf)
    }
    collector.begin(0, 0)
    if (shelf.length < MOST_RESTING && room < 4096) shelf.push(collector)
  }
}
