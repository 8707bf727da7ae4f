import { guards, topK } from '@sparc/tables/plain'
import { interestOf } from '../describe-interests.ts'
import type { InterestDescription } from '../recommender.ts'
import { bestItems } from './best-items.ts'
import { checkHistory, checkOptions } from './check-input.ts'
import { openServedModel } from './saved-model.ts'
import type { EncodedUser } from './user-encoder.ts'

const { object, optional, size } = guards
const embedShape = { interests: optional(size) }
const embedAllowed = { interests: 'a whole number of at least 1' }
/** Options of `recommend` of a model with item vectors of that length. */
const recommendShape = (dim: number) => ({
  ...embedShape,
  k: size,
  user: optional(
    object({
      vectors: guards.arrayOf((value): value is Float32Array => value instanceof Float32Array && value.length === dim),
      known: guards.arrayOf(guards.text),
    }),
  ),
  popularityWeight: optional((value): value is number => Number.isFinite(value)),
})
const recommendAllowed = {
  ...embedAllowed,
  k: 'k >= 1',
  user: 'what embed of the same model gave',
  popularityWeight: 'a finite number',
}

/** A user's interests. */
export interface ServedUser extends EncodedUser {
  /** Ids of the history that the model knows. */
  known: string[]
  /** Ids of the history that the model does not know; they were skipped. */
  unknown: string[]
}

/** A recommended item, and why. */
export interface ServedItem {
  id: string
  score: number
  /**
   * The interest that scored it best: its place in the user's, its code and probability where the system has them. `general`: SPARC's
   * vector of the whole user scored it better still. Absent for the popular items of who has no history.
   */
  interest?: { place: number; code?: number; probability?: number; general?: boolean }
}

/** A saved model's user side and item vectors in plain typed arrays. */
export interface Serving {
  readonly system: string
  readonly dim: number
  /** Item ids by row. */
  readonly ids: readonly string[]
  /** Item vectors as they are scored, `[items * dim]`. */
  readonly items: Float32Array
  /**
   * Encodes a history of item ids, oldest first. A history without any known item has no interests.
   *
   * @param options.interests vectors at most, SPARC's general one counted; default as the model was made
   * @throws InvalidInputError `INVALID_HISTORY`, `INVALID_OPTION`, `UNKNOWN_OPTION`
   */
  embed(history: readonly string[], options?: { interests?: number }): ServedUser
  /**
   * The `k` best items for a history, itself left out, best first; the most popular ones where nothing of it is known.
   *
   * @param options.user what `embed` made of the history, so that it is not encoded again; what it was made of is left out too
   * @param options.popularityWeight see `VectorRecommendOptions`
   * @throws InvalidInputError `INVALID_HISTORY`, `INVALID_OPTION`, `UNKNOWN_OPTION`
   */
  recommend(
    history: readonly string[],
    options: { k: number; interests?: number; user?: ServedUser; popularityWeight?: number },
  ): ServedItem[]
  /**
   * What an interest is about: the items nearest to its codeword, and the categories that its items have more often than the
   * catalogue.
   *
   * @throws InvalidInputError `NO_SUCH_INTEREST` for a system without codes too
   */
  describeInterest(code: number): InterestDescription
}

/**
 * Opens a saved model of any learned system for serving, without TensorFlow: what `loadRecommender` gives, to 1e-5, for one
 * user at a time.
 *
 * @throws InvalidFileError `NOT_SERVED` for a system that is computed and not trained, and for damaged folders
 *
 * @example
 * const model = await openServing('models/sparc')
 * const user = model.embed(['B004756YJA', 'B0020YLEYK'])
 * for (const { id, interest } of model.recommend(['B004756YJA'], { k: 10 })) console.log(id, interest?.code, interest?.probability)
 */
export async function openServing(directory: string): Promise<Serving> {
  const model = await openServedModel(directory)
  const { system, options, ids, items, norms, codes, levels, popularity, interests: described } = model
  const { dim, history: length, temperature } = options
  const shape = recommendShape(dim)
  const rowOf = new Map(ids.map((id, row) => [id, row]))
  const rows = new Float64Array(length * dim)
  const search = bestItems({ items, dim, temperature })
  const historyCodes = new Uint16Array(length * levels)
  let logCounts: Float32Array | undefined
  const biasOf = (weight: number) => {
    if (weight === 0) return undefined
    logCounts ??= popularity.map((n) => Math.log1p(n))
    const logs = logCounts
    return (row: number) => weight * logs[row]
  }

  function encode(history: readonly string[], interests?: number): ServedUser {
    const unknown = history.filter((id) => !rowOf.has(id))
    const known = history.filter((id) => rowOf.has(id))
    const latest = known.slice(-length).flatMap((id) => rowOf.get(id) ?? [])
    const count = latest.length
    if (count === 0) return { vectors: [], known, unknown }
    for (const [t, row] of latest.entries()) {
      const norm = norms ? norms[row] : 1
      for (let d = 0; d < dim; d++) rows[t * dim + d] = items[row * dim + d] * norm
      for (let l = 0; l < levels; l++) historyCodes[t * levels + l] = codes[row * levels + l]
    }
    const user = model.encode({ rows, count, first: length - count, codes: historyCodes }, interests)
    return { ...user, known, unknown }
  }

  return {
    system,
    dim,
    ids,
    items,
    embed(history, wanted = {}) {
      checkHistory(history)
      checkOptions(wanted, embedShape, embedAllowed, 'embed')
      return encode(history, wanted.interests)
    },
    recommend(history, wanted) {
      checkHistory(history)
      checkOptions(wanted, shape, recommendAllowed, 'recommend')
      const { k, interests, user = encode(history, interests), popularityWeight = 0 } = wanted
      const seen = new Set([...history, ...user.known].flatMap((id) => rowOf.get(id) ?? []))
      if (user.vectors.length === 0) {
        const most = topK(popularity, k, { skip: Int32Array.from(seen) })
        return Array.from(most.items, (row, n) => ({ id: ids[row], score: most.scores[n] }))
      }
      const { logProbabilities = user.vectors.map(() => 0) } = user
      const ranked = { ...user, logProbabilities: options.rank === 'mixture' ? logProbabilities : undefined }
      const best = search(ranked, k, (row) => !seen.has(row), biasOf(popularityWeight))
      return best.map(({ row, score, place, general }) => {
        const logP = user.logProbabilities?.[place]
        const probability = logP === undefined ? undefined : Math.exp(logP)
        const interest = { place, code: user.codes?.[place], probability, ...(general && { general }) }
        return { id: ids[row], score, interest }
      })
    },
    describeInterest: (code) => interestOf(code, described, system),
  }
}
