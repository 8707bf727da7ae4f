import { type Collector, kthLargest } from '../collector.ts'
import type { State } from '../state.ts'
import type { Tensor, Tensorflow } from './load-tensorflow.ts'

/** Rows whose largest score TensorFlow finds: only runs that reach a query's threshold are looked into. */
const RUN = 16
/** Runs whose largest scores are looked at together. */
const TOGETHER = 4
/** A larger matrix is not worth its memory. */
const MOST_BYTES = 2 ** 30
/** Scores made at once: 16 MB. */
const BLOCK_SCORES = 4 * 1024 * 1024

/** How the scores of a list's vectors become one: `log sum_c exp(scale u_c . v + prior_c)`. */
export interface Mixture {
  /** Vectors of each list, which lie one after another. */
  interests: number
  scale: number
  /** `[lists * interests]` */
  priors: Float32Array
}

/** Offers every live row of an index to every collector. */
export interface WholeScan {
  /** @param vectors `[collectors, dim]`; for a mixture `[collectors * interests, dim]` */
  scan(vectors: Float32Array, collectors: readonly Collector[], mixture?: Mixture): void
  dispose(): void
}

/**
 * The rows of all shards as one matrix, multiplied with whole batches of queries by TensorFlow: several times as fast as
 * scanning for one query after another. Undefined where rows live on another machine, or are too many to be held once more.
 */
export async function wholeScan(tf: Tensorflow, state: State): Promise<WholeScan | undefined> {
  const { dim, shards } = state
  if (shards.some(({ store }) => store.fetch)) return undefined
  const starts = new Int32Array(shards.length + 1)
  for (const { ordinal, length } of shards) starts[ordinal + 1] = starts[ordinal] + length
  const rows = starts[shards.length]
  const runs = Math.ceil(rows / RUN)
  if (runs * RUN * dim * 4 > MOST_BYTES) return undefined
  const data = new Float32Array(runs * RUN * dim)
  for (const { ordinal, length, store } of shards) {
    await store.ready?.()
    for (let row = 0; row < length; row++) store.read(row, data, (starts[ordinal] + row) * dim)
  }
  // Copies of the last row fill the last run: they are no better than it is.
  for (let row = rows; row < runs * RUN; row++) data.copyWithin(row * dim, (rows - 1) * dim, rows * dim)
  const matrix = tf.tidy(() => tf.tensor2d(data, [runs * RUN, dim]).transpose())

  const dead = shards.reduce((sum, { deadCount }) => sum + deadCount, 0)
  const tops = new Float64Array(Math.ceil(runs / TOGETHER))
  let chosen = new Int32Array(0)

  /**
   * The k-th largest of the runs' maxima is a score that at least k rows reach; the maxima of several runs give nearly as
   * high a one. So many more rows as may turn out to be excluded or dead.
   */
  function begin(collector: Collector, largest: ArrayLike<number>, from: number): void {
    const wanted = collector.k + collector.excluded + dead
    if (collector.filtered || 2 * wanted > tops.length) return
    for (let t = 0, run = 0; t < tops.length; t++) {
      let top = Number.NEGATIVE_INFINITY
      for (const end = Math.min(runs, run + TOGETHER); run < end; run++) top = Math.max(top, largest[from + run])
      tops[t] = top
    }
    collector.raise(kthLargest(tops, tops.length, wanted) - 2 * collector.margin)
  }

  function offerRows(collector: Collector, scores: ArrayLike<number>, from: number, run: number): void {
    let row = run * RUN
    const end = Math.min(rows, row + RUN)
    let ordinal = shardOf(starts, row)
    for (let at = from; row < end; row++, at++) {
      while (row >= starts[ordinal + 1]) ordinal++
      if (!(scores[at] >= collector.threshold)) continue
      const { dead, items } = shards[ordinal]
      const own = row - starts[ordinal]
      if (dead === undefined || dead[own] === 0) collector.offer(ordinal, own, items[own], scores[at])
    }
  }

  /** Scores of some lists, `[lists * runs, RUN]`, and the largest of each run. */
  function score(vectors: Float32Array, first: number, lists: number, mixture: Mixture | undefined): [Tensor, Tensor] {
    const { interests = 1, scale = 1, priors } = mixture ?? {}
    const [from, to] = [first * interests, (first + lists) * interests]
    return tf.tidy(() => {
      const asked = tf.tensor2d(vectors.subarray(from * dim, to * dim), [to - from, dim])
      let scored: Tensor = tf.matMul(asked, matrix)
      if (priors) {
        const parts = tf.add(tf.mul(scored, scale), tf.tensor2d(priors.subarray(from, to), [to - from, 1]))
        scored = interests === 1 ? parts : tf.logSumExp(tf.reshape(parts, [lists, interests, -1]), 1)
      }
      const byRun = tf.reshape(scored, [lists * runs, RUN])
      return [byRun, tf.max(byRun, 1)]
    })
  }

  /** Offers to some collectors what reaches their thresholds: only the runs that hold such rows are downloaded. */
  function offerBest(collectors: readonly Collector[], scored: Tensor, largest: ArrayLike<number>): void {
    const ends = new Int32Array(collectors.length + 1)
    let end = 0
    for (const [q, collector] of collectors.entries()) {
      begin(collector, largest, q * runs)
      for (let at = q * runs; at < (q + 1) * runs; at++) if (largest[at] >= collector.threshold) chosen[end++] = at
      ends[q + 1] = end
    }
    const read = tf.tidy(() => tf.gather(scored, tf.tensor1d(chosen.subarray(0, end), 'int32')))
    const scores = read.dataSync()
    tf.dispose(read)
    for (const [q, collector] of collectors.entries()) {
      for (let n = ends[q]; n < ends[q + 1]; n++) offerRows(collector, scores, n * RUN, chosen[n] - q * runs)
    }
  }

  return {
    scan(vectors, collectors, mixture) {
      const most = Math.max(1, Math.floor(BLOCK_SCORES / (runs * RUN * (mixture?.interests ?? 1))))
      if (chosen.length < most * runs) chosen = new Int32Array(most * runs)
      for (let first = 0; first < collectors.length; first += most) {
        const part = collectors.slice(first, first + most)
        const [scored, maxima] = score(vectors, first, part.length, mixture)
        const largest = maxima.dataSync()
        offerBest(part, scored, largest)
        tf.dispose([scored, maxima])
      }
    },
    dispose: () => tf.dispose(matrix),
  }
}

/** The shard that holds a row of the matrix: the last that starts at or before it. */
function shardOf(starts: Int32Array, row: number): number {
  let low = 0
  let high = starts.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle] <= row) low = middle
    else high = middle
  }
  return low
}
