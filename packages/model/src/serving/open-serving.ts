import { decodeSafetensors, InvalidFileError, openFolder, parseOptions, type SafeTensor, topKHeap } from '@sparc/tables'
import { z } from 'zod'
import { largest, unit } from './plain.ts'
import { type EncodedUser, servedOptions, userEncoder } from './user-encoder.ts'

/** A user's interests. */
export interface ServedUser extends EncodedUser {
  /** Ids of the history that the model does not know; they were skipped. */
  unknown: string[]
}

/** A recommended item, and why. */
export interface ServedItem {
  id: string
  score: number
  /** The interest that scored it best: its place in the user's, its code and probability where the system has them. */
  interest?: { place: number; code?: number; probability?: number }
}

/** A saved model's user side and item vectors in plain typed arrays. */
export interface Serving {
  readonly system: string
  readonly dim: number
  /** Item ids by row. */
  readonly ids: readonly string[]
  /** Item vectors as they are scored, `[items * dim]`. */
  readonly items: Float32Array
  /** Encodes a history of item ids, oldest first. A history without any known item has no interests. */
  embed(history: readonly string[], options?: { interests?: number }): ServedUser
  /** The `k` best items for a history, itself left out, best first; the most popular ones where nothing of it is known. */
  recommend(history: readonly string[], options: { k: number; interests?: number }): ServedItem[]
  /** What an interest is about: the items that are nearest to its codeword among those that carry its code. */
  describeInterest(code: number, count?: number): { id: string; similarity: number }[]
}

const metaSchema = z.object({ system: z.string(), options: z.record(z.string(), z.unknown()) })

function floats(tensor: SafeTensor | undefined, name: string): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data
  throw new InvalidFileError('DAMAGED_MODEL', {
    what: 'The saved model is not complete',
    given: `tensor "${name}" is ${tensor ? tensor.dtype : 'missing'}`,
    next: 'Save the model again.',
  })
}

/** Vectors of all items before normalisation: their rows, and what their features add. */
function itemRows(tensors: Record<string, SafeTensor>, dim: number): Float32Array {
  const rows = floats(tensors.items, 'items').slice()
  if (!tensors.features) return rows
  const features = floats(tensors.features, 'features')
  const weights = floats(tensors.featureWeights, 'featureWeights')
  const offsets = tensors.featureOffsets.data
  const values = tensors.featureRows.data
  for (let item = 0; item < rows.length / dim; item++) {
    for (let f = Number(offsets[item]); f < Number(offsets[item + 1]); f++) {
      const from = Number(values[f]) * dim
      for (let d = 0; d < dim; d++) rows[item * dim + d] += weights[f] * features[from + d]
    }
  }
  return rows
}

/**
 * Opens a saved two-tower, ComiRec-SA or SPARC model for serving, without TensorFlow: what `loadRecommender` gives, to 1e-5,
 * for one user at a time.
 *
 * @throws InvalidFileError `NOT_SERVED` for another system, and for damaged folders
 *
 * @example
 * const model = await openServing('models/sparc')
 * const user = model.embed(['B004756YJA', 'B0020YLEYK'])
 * for (const { id, interest } of model.recommend(['B004756YJA'], { k: 10 })) console.log(id, interest?.code, interest?.probability)
 */
export async function openServing(directory: string): Promise<Serving> {
  const folder = await openFolder(directory, { format: 'sparc.model', version: 1 })
  const { system, options: saved } = metaSchema.parse(folder.meta)
  const dense: Record<string, Float32Array> = {}
  for (const [name, tensor] of Object.entries(decodeSafetensors(await folder.read('dense.safetensors')).tensors)) {
    dense[name] = floats(tensor, name)
  }
  const options = parseOptions(servedOptions, saved, `saved options of ${system}`)
  const encode = userEncoder(system, dense, options)
  const { dim, history: length, temperature, normalize } = options
  const ids = z.array(z.string()).parse(JSON.parse(new TextDecoder().decode(await folder.read('items.json'))))
  const { tensors } = decodeSafetensors(await folder.read('table.safetensors'))
  const rows = itemRows(tensors, dim)
  const items = normalize ? new Float32Array(rows.length) : rows
  if (normalize) {
    for (let at = 0; at < rows.length; at += dim) items.set(unit(rows.subarray(at, at + dim)), at)
  }
  const rowOf = new Map(ids.map((id, row) => [id, row]))
  const levels = tensors.codes ? tensors.codes.shape[1] : 0
  const codeOf = (row: number) => Number(tensors.codes.data[row * levels])
  const popular = tensors.popularity ? floats(tensors.popularity, 'popularity') : new Float32Array(ids.length)

  function embed(history: readonly string[], wanted: { interests?: number } = {}): ServedUser {
    const unknown = history.filter((id) => !rowOf.has(id))
    const known = history.flatMap((id) => rowOf.get(id) ?? []).slice(-length)
    if (known.length === 0) return { vectors: [], unknown }
    const vectors = known.map((row) => rows.subarray(row * dim, (row + 1) * dim))
    const codes = tensors.codes ? known.map(codeOf) : undefined
    return { ...encode({ rows: vectors, codes }, wanted.interests), unknown }
  }

  function mostPopular(k: number): ServedItem[] {
    return largest(popular, k).map((row) => ({ id: ids[row], score: popular[row] }))
  }

  /** Scores of one item under each interest. */
  function scoresOf({ vectors, logProbabilities }: ServedUser, row: number): number[] {
    return vectors.map((vector, c) => {
      let product = 0
      for (let d = 0; d < dim; d++) product += vector[d] * items[row * dim + d]
      return product / temperature + (logProbabilities?.[c] ?? 0)
    })
  }

  /** `log sum_c exp score_c` with probabilities, else the best of the scores. */
  function mergedScore(user: ServedUser, row: number): number {
    const scores = scoresOf(user, row)
    const most = Math.max(...scores)
    if (!user.logProbabilities) return most
    let sum = 0
    for (const score of scores) sum += Math.exp(score - most)
    return most + Math.log(sum)
  }

  return {
    system,
    dim,
    ids,
    items,
    embed,
    recommend(history, { k, interests }) {
      const user = embed(history, { interests })
      if (user.vectors.length === 0) return mostPopular(k)
      const seen = new Set(history.map((id) => rowOf.get(id)))
      const heap = topKHeap(Math.min(k, ids.length))
      for (let row = 0; row < ids.length; row++) {
        if (seen.has(row)) continue
        heap.push(row, mergedScore(user, row))
      }
      const best = heap.drain()
      return Array.from(best.items, (row, n) => {
        const scores = scoresOf(user, row)
        const place = scores.indexOf(Math.max(...scores))
        const logP = user.logProbabilities?.[place]
        const probability = logP === undefined ? undefined : Math.exp(logP)
        return { id: ids[row], score: best.scores[n], interest: { place, code: user.codes?.[place], probability } }
      })
    },
    describeInterest(code, count = 10) {
      const codewords = dense['codewords/0']
      if (!codewords || !tensors.codes) return []
      const codeword = unit(codewords.subarray(code * dim, (code + 1) * dim))
      const heap = topKHeap(count)
      for (let row = 0; row < ids.length; row++) {
        if (codeOf(row) !== code) continue
        let similarity = 0
        for (let d = 0; d < dim; d++) similarity += codeword[d] * items[row * dim + d]
        heap.push(row, similarity)
      }
      const best = heap.drain()
      return Array.from(best.items, (row, n) => ({ id: ids[row], similarity: best.scores[n] }))
    },
  }
}
