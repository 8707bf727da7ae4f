import { type Csr, f32, i32, parseOptions, topKHeap } from '@sparc/tables'
import { z } from 'zod'
import { fitted } from '../fitted.ts'
import { pause } from '../pause.ts'
import type { FitOptions, Recommender } from '../recommender.ts'
import { type Catalogue, readLog, recommendByScores, report } from './classic.ts'
import { addNeighbourScores, concat, type Neighbours } from './neighbours.ts'
import { openClassic, saveClassic } from './saved.ts'
import { transpose } from './sparse.ts'

const optionsSchema = z.strictObject({
  /** Ridge penalty: larger trusts co-occurrences less. */
  lambda: z.number().positive().default(100),
  /** Weights kept per item, the largest by magnitude; at least the catalogue's length keeps all. */
  keep: z.int().positive().default(2000),
})

/** Options of EASE; what is left out is the measured default. */
export type EaseOptions = z.input<typeof optionsSchema>

/** What a search over EASE may vary. */
export const easeSearchSpace = { lambda: [20, 50, 100, 200, 500, 1000] } as const

type Options = z.output<typeof optionsSchema>

interface State {
  weights: Neighbours
  catalogue: Catalogue
}

/**
 * EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, https://arxiv.org/abs/1905.03375): the item-item
 * weights `B` `[items, items]` with a zero diagonal that best rebuild the binary user-item matrix `X` `[users, items]`, in closed form (equation 8):
 *
 * `P = (X' X + lambda I)^-1` `[items, items]`, `B_ij = -P_ij / P_jj`, `B_jj = 0`; the scores of a history are the sum of its rows of `B`.
 *
 * Fitting costs the cube of the number of items in flops and twice its square in bytes (at 25,000 items 1.6e13 and 1.3 GB), done by
 * TensorFlow in blocks.
 *
 * @example
 * const model = ease({ lambda: 100 })
 * await model.fit({ items, sequences })
 * const lists = await model.recommend(queries, { k: 50 })
 */
export function ease(options: EaseOptions = {}): Recommender {
  return recommender(parseOptions(optionsSchema, options, 'options of ease'), undefined)
}

/** Reads a saved EASE model. @throws InvalidFileError */
export async function loadEase(directory: string): Promise<Recommender> {
  const { data, options, catalogue } = await openClassic(directory, 'ease')
  const weights = {
    offsets: data('offsets', Int32Array),
    values: data('values', Int32Array),
    similarities: data('weights', Float32Array),
  }
  return recommender(parseOptions(optionsSchema, options, 'the saved ease'), { weights, catalogue })
}

/** Rows of the matrix that are held as one tensor. */
const BLOCK = 512

/** The rows of `B`, pruned to the `keep` largest by magnitude. @throws CancelledError when the signal fires */
export async function easeWeights(
  users: Csr,
  items: number,
  options: Options,
  fit: FitOptions = {},
): Promise<Neighbours> {
  const { loadTensorflow } = await import('../tensorflow.ts')
  await loadTensorflow()
  const tf = await import('@tensorflow/tfjs')
  const { blockRow, sweep } = await import('./inverse.ts')
  const size = Math.min(BLOCK, items)
  const matrix = { order: items, size, blocks: gramBlocks(users, items, size, options.lambda).map((make) => make(tf)) }
  try {
    await sweep(matrix, async (step) => {
      fit.onEvent?.({ type: 'phase', step, phase: `inverting, ${step} of ${matrix.blocks.length} blocks` })
      await pause('ease', fit.signal, () => `${step} of ${matrix.blocks.length} blocks inverted`)
    })
    const diagonal = new Float32Array(items)
    const rowOf = (k: number) => {
      const tensor = blockRow(matrix, k)
      const data = tensor.dataSync()
      tensor.dispose()
      return data
    }
    for (const [k, block] of matrix.blocks.entries()) {
      const data = block.dataSync()
      for (let r = 0; r < block.shape[0]; r++) diagonal[k * size + r] = data[r * block.shape[1] + k * size + r]
    }
    return prune(items, size, options.keep, diagonal, rowOf)
  } finally {
    tf.dispose(matrix.blocks)
  }
}

/** `X' X + lambda I`, lower triangle, made block by block when asked for. */
function gramBlocks(users: Csr, items: number, size: number, lambda: number) {
  const byItem = transpose(users, items)
  return Array.from({ length: Math.ceil(items / size) }, (_, b) => {
    return (tf: typeof import('@tensorflow/tfjs')) => {
      const from = b * size
      const rows = Math.min(size, items - from)
      const width = from + rows
      const data = new Float32Array(rows * width)
      for (let r = 0; r < rows; r++) {
        for (let n = byItem.offsets[from + r]; n < byItem.offsets[from + r + 1]; n++) {
          const user = byItem.values[n]
          for (let m = users.offsets[user]; m < users.offsets[user + 1]; m++) {
            const other = users.values[m]
            if (other < width) data[r * width + other]++
          }
        }
        data[r * width + from + r] += lambda
      }
      return tf.tensor2d(data, [rows, width])
    }
  })
}

/** `B` from `-P`, row by row: `B_ij = -P_ij / P_jj` without the diagonal. */
function prune(
  items: number,
  size: number,
  keep: number,
  diagonal: Float32Array,
  rowOf: (block: number) => ArrayLike<number>,
): Neighbours {
  const heap = topKHeap(Math.min(keep, items))
  const offsets = new Int32Array(items + 1)
  const values: Int32Array[] = []
  const weights: Float32Array[] = []
  for (let b = 0; b * size < items; b++) {
    const data = rowOf(b)
    for (let i = b * size; i < Math.min(items, (b + 1) * size); i++) {
      const start = (i - b * size) * items
      const weight = (j: number) => -data[start + j] / diagonal[j]
      let threshold = 0
      for (let j = 0; j < items; j++) {
        const magnitude = Math.abs(weight(j))
        if (j === i || magnitude < threshold) continue
        heap.push(j, magnitude)
        threshold = Math.max(0, heap.threshold())
      }
      const kept = heap.drain().items
      values.push(kept)
      weights.push(Float32Array.from(kept, weight))
      offsets[i + 1] = offsets[i] + kept.length
    }
  }
  return { offsets, values: concat(values, Int32Array), similarities: concat(weights, Float32Array) }
}

function recommender(options: Options, loaded: State | undefined): Recommender {
  let state = loaded
  return {
    name: 'ease',
    options,
    async fit(data, fit = {}) {
      const started = performance.now()
      const { users, items, catalogue } = readLog(data, fit)
      state = { weights: await easeWeights(users, items, options, fit), catalogue }
      return report('ease', started, fit)
    },
    async recommend(queries, recommendOptions) {
      const { weights, catalogue } = fitted(state, 'ease')
      const score = (history: Int32Array, scores: Float32Array) => addNeighbourScores(weights, history, scores)
      return recommendByScores(queries, recommendOptions, catalogue, score)
    },
    async save(directory) {
      const { weights, catalogue } = fitted(state, 'ease')
      await saveClassic(directory, { system: 'ease', options }, catalogue, {
        offsets: i32([weights.offsets.length], weights.offsets),
        values: i32([weights.values.length], weights.values),
        weights: f32([weights.similarities.length], weights.similarities),
      })
    },
    dispose() {
      state = undefined
    },
  }
}
