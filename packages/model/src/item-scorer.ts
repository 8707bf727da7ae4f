import type { Matrix } from '@sparc/tables'
import type { Rank, Tensor, Tensor2D } from '@tensorflow/tfjs'
import { loadTensorflow } from './tensorflow.ts'

/** How the scores of one user's interests, `s_c(v) = scale u_c . v + bias_c`, become one score. */
export type Merge =
  /** `max_c s_c(v)`: an item belongs to the interest that likes it best. */
  | 'max'
  /** `log sum_c exp s_c(v)`: with `bias_c = log p(c)` and normalised vectors, the mixture over interests. */
  | 'mixture'

/** Users who have the same number of interests. */
export interface UserBlock {
  /** `[users * interests, dim]` */
  vectors: Float32Array
  users: number
  interests: number
  scale: number
  /** `[users * interests]`; all 0 where absent */
  bias?: Float32Array
  merge: Merge
}

/** Merged scores of a block: each user's are `groups` runs of `groupSize` items. Must be disposed of. */
export interface BlockScores {
  groups: number
  groupSize: number
  /** `[users, groups]`: the largest score of each run, where it was had for nothing; `groups` is then a multiple of four. */
  largest?: Float32Array
  /**
   * The scores of some runs, `[runs.length, groupSize]`. Run `user * groups + group` begins with item `group * groupSize`; what
   * lies beyond the last item means nothing.
   */
  read(runs: Int32Array): Float32Array
  dispose(): void
}

/** Something that scores one fixed set of items for blocks of users. */
export interface ItemScorer {
  items: Matrix
  score(block: UserBlock): BlockScores
  /** Frees the items' tensor. */
  dispose(): void
}

/** The scores in plain loops: the reference, and what is left where no TensorFlow is. */
export function plainScorer(items: Matrix): ItemScorer {
  const { rows, dim, data } = items
  return {
    items,
    score({ vectors, users, interests, scale, bias, merge }) {
      const scores = new Float32Array(users * rows)
      const own = new Float64Array(interests)
      for (let u = 0; u < users; u++) {
        for (let i = 0; i < rows; i++) {
          for (let c = 0; c < interests; c++) {
            const n = u * interests + c
            let dot = 0
            for (let d = 0; d < dim; d++) dot += vectors[n * dim + d] * data[i * dim + d]
            own[c] = scale * dot + (bias ? bias[n] : 0)
          }
          const max = own.reduce((a, b) => Math.max(a, b))
          const sum = merge === 'max' ? 1 : own.reduce((total, score) => total + Math.exp(score - max), 0)
          scores[u * rows + i] = max + Math.log(sum)
        }
      }
      return { groups: 1, groupSize: rows, read: (runs) => rowsOf(scores, rows, runs), dispose: () => undefined }
    },
    dispose: () => undefined,
  }
}

/** Items in a run whose largest score TensorFlow finds. */
const GROUP = 16
/** Of so many users all scores are downloaded in less time than it takes to ask for a part. */
const FEW_USERS = 8

/** Items that are kept as one tensor; a multiple of `4 GROUP`. */
const TILE = 131072

/** Exponentials of numbers up to here are far from the ends of float32: they need not be shifted by their largest. */
const SMALL_SCORE = 20

/** Whether each user's largest bias is a small number. */
function smallBiases(bias: Float32Array, interests: number): boolean {
  for (let at = 0; at < bias.length; at += interests) {
    const most = bias.subarray(at, at + interests).reduce((a, b) => Math.max(a, b))
    if (!(Math.abs(most) <= SMALL_SCORE)) return false
  }
  return true
}

/** The length of the longest row. */
function longestRow(data: Float32Array, dim: number): number {
  let most = 0
  for (let at = 0; at < data.length; at += dim) {
    let squares = 0
    for (let d = at; d < at + dim; d++) squares += data[d] * data[d]
    most = Math.max(most, squares)
  }
  return Math.sqrt(most)
}

/** Keeps the items as tensors of the TensorFlow backend that `loadTensorflow` picks, and scores there. */
export async function itemScorer(items: Matrix): Promise<ItemScorer> {
  const { backend } = await loadTensorflow()
  const { data, dim, rows } = items
  if (backend === 'cpu' || rows === 0) return plainScorer(items)
  const tf = await import('@tensorflow/tfjs')
  const groups = 4 * Math.ceil(rows / GROUP / 4)
  const stride = groups * GROUP
  const tiles: Tensor2D[] = []
  for (let from = 0; from < rows; from += TILE) {
    const [end, to] = [Math.min(rows, from + TILE), Math.min(stride, from + TILE)]
    const padded = new Float32Array((to - from) * dim)
    padded.set(data.subarray(from * dim, end * dim))
    // Copies of the last item fill the last runs: they never score more than it does.
    for (let i = end - from; i < to - from; i++) padded.copyWithin(i * dim, (i - 1) * dim, i * dim)
    // A row of ones takes the bias into the product.
    tiles.push(
      tf.tidy(() =>
        tf.concat2d([tf.transpose(tf.tensor2d(padded, [to - from, dim])), tf.ones<Rank.R2>([1, to - from])], 0),
      ),
    )
  }
  /** The length of the longest item, looked for when a mixture first asks. */
  let longest: number | undefined
  /** Whether no exponential of these users' scores leaves float32. */
  const areSmall = ({ vectors, interests, scale, bias }: UserBlock): boolean => {
    longest ??= longestRow(data, dim)
    const most = scale * longest * longestRow(vectors, dim)
    return most <= SMALL_SCORE && (!bias || smallBiases(bias, interests))
  }
  return {
    items,
    score(block) {
      const { vectors, users, interests, scale, bias, merge } = block
      const few = users <= FEW_USERS
      const [runs, tops] = tf.tidy(() => {
        const rows = users * interests
        const scaled: Tensor2D = tf.mul(tf.tensor2d(vectors, [rows, dim]), scale)
        const biased = tf.concat2d([scaled, bias ? tf.tensor2d(bias, [rows, 1]) : tf.zeros<Rank.R2>([rows, 1])], 1)
        const parts = tiles.map((tile): Tensor2D => tf.matMul(biased, tile))
        let scores: Tensor = parts.length === 1 ? parts[0] : tf.concat2d(parts, 1)
        if (interests > 1) {
          const all = tf.reshape(scores, [users, interests, stride])
          if (merge === 'max') scores = tf.max(all, 1)
          else scores = areSmall(block) ? tf.log(tf.sum(tf.exp(all), 1)) : tf.logSumExp(all, 1)
        }
        const runs = tf.reshape(scores, [users * groups, GROUP])
        return [runs, tf.max(runs, 1)]
      })
      // Read outside of tidy, which would look for tensors in every element of a returned array.
      const largest = float32(tops.dataSync())
      tops.dispose()
      return {
        groups,
        groupSize: GROUP,
        largest,
        read(wanted) {
          if (few) return rowsOf(float32(runs.dataSync()), GROUP, wanted)
          const read = tf.tidy(() => tf.gather(runs, tf.tensor1d(wanted, 'int32')))
          const scores = float32(read.dataSync())
          read.dispose()
          return scores
        },
        dispose: () => runs.dispose(),
      }
    },
    dispose: () => tf.dispose(tiles),
  }
}

/** Some rows of a matrix. */
function rowsOf(data: Float32Array, width: number, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * width)
  for (let r = 0; r < rows.length; r++) out.set(data.subarray(rows[r] * width, (rows[r] + 1) * width), r * width)
  return out
}

const float32 = (data: ArrayLike<number>) => (data instanceof Float32Array ? data : Float32Array.from(data))
