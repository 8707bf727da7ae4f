import { attentionPool } from './attention-pool.ts'
import { historyInterests, searchBeams } from './gemirec-interests.ts'
import { interestAttention, ofCodes, throughKeys } from './interest-attention.ts'
import { finished, type SavedNetwork, savedOptions, type UserEncoder } from './user-encoder.ts'
import { normalizeAt } from './vectors.ts'

/**
 * See `gemirecNetwork`. What each codeword of each level adds to the attention's query and to the interest's vector is computed when the
 * model is opened.
 */
export function gemirecEncoder(saved: SavedNetwork): UserEncoder {
  const { options, weights, linear } = saved
  const {
    dim,
    history: length,
    explored,
    dictionary,
    source,
  } = savedOptions(options, 'explored', 'dictionary', 'source')
  const { levels } = dictionary
  const general = attentionPool(saved, 'general')
  if (weights('state/joint')[0] === 0) return (history) => ({ vectors: finished(general(history), 1, options) })

  const find = source === 'history' ? historyInterests(length, levels) : searchBeams(saved, levels)
  const part = (name: string, l: number) => weights(name).subarray(l * dim * dim, (l + 1) * dim * dim)
  const codewords = Array.from({ length: levels }, (_, l) => weights(`codewords/${l}`))
  const queries = codewords.map((words, l) =>
    throughKeys(ofCodes(words, dim, part('interest/query', l)), dim, weights('interest/key')),
  )
  const added = codewords.map((words, l) => ofCodes(words, dim, part('interest/codewords', l)))
  const attend = interestAttention(dim, length)
  // Beams are no more than a level has codes, interests of a history no more than it has items.
  const most = Math.max(length, ...codewords.map((words) => words.length / dim))
  const value = linear('interest/value', dim, { rows: most })
  const query = new Float64Array(dim)
  const attended = new Float64Array(most * dim)
  const own = new Float64Array(most * dim)
  return (history, wanted = explored) => {
    const { codes: found, logProbabilities } = find(history, wanted)
    const vectors = new Float64Array(found.length * dim)
    const g = general(history)
    normalizeAt(g, 0, dim)
    for (const [k, codes] of found.entries()) {
      query.fill(0)
      for (const [l, code] of codes.entries()) {
        for (let d = 0; d < dim; d++) query[d] += queries[l][code * dim + d]
      }
      attend(query, 0, history.rows, history, attended.subarray(k * dim, (k + 1) * dim))
    }
    value(attended, found.length, own)
    for (const [k, codes] of found.entries()) {
      for (let d = 0; d < dim; d++) vectors[k * dim + d] = g[d] + own[k * dim + d]
      for (const [l, code] of codes.entries()) {
        for (let d = 0; d < dim; d++) vectors[k * dim + d] += added[l][code * dim + d]
      }
    }
    return { vectors: finished(vectors, found.length, options), codes: found.map(([code]) => code), logProbabilities }
  }
}
