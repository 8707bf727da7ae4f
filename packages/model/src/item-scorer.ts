import type { Matrix } from '@sparc/tables'
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

/** Merged scores of a block. */
export interface BlockScores {
  /** `[users, stride]`; only the first `items` of each row mean anything. */
  scores: Float32Array
  stride: number
  /** `[users, stride / groupSize]`: the largest score of each run of `groupSize` items, where it was had for nothing. */
  maxima?: Float32Array
  groupSize: number
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
      return { scores, stride: rows, groupSize: 1 }
    },
    dispose: () => undefined,
  }
}

/** Items in a run whose largest score TensorFlow finds. */
const GROUP = 16

/** Keeps the items as one tensor of the TensorFlow backend that `loadTensorflow` picks, and scores there. */
export async function itemScorer(items: Matrix): Promise<ItemScorer> {
  const { backend } = await loadTensorflow()
  if (backend === 'cpu' || items.rows === 0) return plainScorer(items)
  const tf = await import('@tensorflow/tfjs')
  const { dim, rows } = items
  const stride = Math.ceil(rows / GROUP) * GROUP
  // Copies of the last item fill the last run: they change the largest score of no run.
  const padded = new Float32Array(stride * dim)
  padded.set(items.data)
  for (let i = rows; i < stride; i++) padded.copyWithin(i * dim, (rows - 1) * dim, rows * dim)
  const tensor = tf.tensor2d(padded, [stride, dim])
  return {
    items,
    score({ vectors, users, interests, scale, bias, merge }) {
      const [merged, largest] = tf.tidy(() => {
        const scaled = tf.mul(tf.tensor2d(vectors, [users * interests, dim]), scale)
        let scores = tf.matMul(scaled, tensor, false, true)
        if (bias) scores = tf.add(scores, tf.tensor2d(bias, [users * interests, 1]))
        if (interests > 1) {
          const all = tf.reshape(scores, [users, interests, stride])
          scores = merge === 'max' ? tf.max(all, 1) : tf.logSumExp(all, 1)
        }
        return [scores, tf.max(tf.reshape(scores, [users, stride / GROUP, GROUP]), 2)]
      })
      // Read outside of tidy, which would look for tensors in every element of a returned array.
      const scores = float32(merged.dataSync())
      const maxima = float32(largest.dataSync())
      tf.dispose([merged, largest])
      return { scores, stride, maxima, groupSize: GROUP }
    },
    dispose: () => tensor.dispose(),
  }
}

const float32 = (data: ArrayLike<number>) => (data instanceof Float32Array ? data : Float32Array.from(data))
