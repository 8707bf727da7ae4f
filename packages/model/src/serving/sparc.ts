import { attentionPool } from './attention-pool.ts'
import { interestAttention, ofCodes, throughKeys } from './interest-attention.ts'
import { residualLayer } from './residual-layer.ts'
import { finished, type PlainHistory, type SavedNetwork, savedOptions, type UserEncoder } from './user-encoder.ts'
import { largest, logSoftmaxAt, meanRows, nearestRow, normalizeAt, reluAll } from './vectors.ts'

/** The general vector `g`, not normalised, see `createUserTower`. */
function generalVector(saved: SavedNetwork, positions: Float32Array): (history: PlainHistory) => Float64Array {
  const { dim, general } = savedOptions(saved.options, 'general')
  if (general !== 'mean') return attentionPool(saved, 'general', positions)
  const layer = residualLayer(saved, 'general')
  const g = new Float64Array(dim)
  return ({ rows, count }) => {
    meanRows(rows, count, dim, g)
    layer(g, 1)
    return g
  }
}

/** `log p(c | user)` over all interests, see `createInterestProbability`. `codes` is how many level 1 has. */
function probabilityTower(saved: SavedNetwork, codes: number): (history: PlainHistory) => Float64Array {
  const { options, weights, linear } = saved
  const { dim, history: length, codeHistogram } = options
  const pool = attentionPool(saved, 'probability/attention')
  const width = weights('probability/b1').length
  const size = weights('probability/b2').length
  const straight = linear('probability/linear', size)
  const inner = linear('probability/w1', width, { bias: 'probability/b1' })
  const outer = linear('probability/w2', size, { bias: 'probability/b2' })
  const x = new Float64Array(2 * dim + (codeHistogram ? codes : 0))
  const hidden = new Float64Array(width)
  const logits = new Float64Array(size)
  const added = new Float64Array(size)
  return (history) => {
    x.set(pool(history))
    normalizeAt(x, 0, dim)
    meanRows(history.rows, history.count, dim, x, dim)
    normalizeAt(x, dim, dim)
    if (codeHistogram) {
      const levels = history.codes.length / length
      x.fill(0, 2 * dim)
      for (let t = 0; t < history.count; t++) x[2 * dim + history.codes[t * levels]] += 1 / history.count
    }
    reluAll(inner(x, 1, hidden), width)
    outer(hidden, 1, logits)
    straight(x, 1, added)
    for (let c = 0; c < size; c++) logits[c] += added[c]
    logSoftmaxAt(logits, 0, size)
    return logits
  }
}

/** Takes all probability from the interests that the history does not have; returns those that it has. */
function keepHad(
  logP: Float64Array,
  { codes, count }: PlainHistory,
  levels: number,
  interestOf: (path: Uint16Array) => number,
): Set<number> {
  const had = new Set(Array.from({ length: count }, (_, t) => interestOf(codes.subarray(t * levels))))
  for (let c = 0; c < logP.length; c++) if (!had.has(c)) logP[c] -= 1e9
  logSoftmaxAt(logP, 0, logP.length)
  return had
}

/** Interests as paths of codes, see `createInterestCodes`. */
function interestPaths({ options: { dim, interestLevels: levels = 1 }, weights }: SavedNetwork) {
  const tables = Array.from({ length: levels }, (_, level) => weights(`codewords/${level}`))
  const size = tables[0].length / dim
  const count = size ** levels
  const codeAt = (interest: number, level: number) => Math.floor(interest / size ** (levels - 1 - level)) % size
  return {
    size,
    count,
    first: (interest: number) => codeAt(interest, 0),
    /** The interest of an item's codes. */
    of: (path: Uint16Array) => tables.reduce((interest, _, level) => interest * size + path[level], 0),
    /** What each interest asks with, `[count, dim]`. */
    queries: () =>
      levels === 1
        ? tables[0]
        : Float32Array.from({ length: count * dim }, (_, at) => {
            const interest = Math.floor(at / dim)
            return tables.reduce((sum, table, level) => sum + table[codeAt(interest, level) * dim + (at % dim)], 0)
          }),
  }
}

/**
 * See `sparcNetwork`. With the codewords known, `s W_q e_c` through `W_h` and `W_u e_c` are computed for all codes when the
 * model is opened; what is left for a user is one attention and one product for each interest.
 */
export function sparcEncoder(saved: SavedNetwork): UserEncoder {
  const { options, weights, linear } = saved
  const {
    dim,
    history: length,
    sharpness,
    explored,
    probabilityTemperature: softer,
    generalShare,
    search,
    user,
  } = savedOptions(options, 'sharpness', 'explored', 'probabilityTemperature', 'generalShare', 'search', 'user')
  const paths = interestPaths(saved)
  const size = paths.count
  const positions = weights('positions')
  const general = generalVector(saved, positions)
  if (weights('state/joint')[0] === 0)
    return (history) => ({ vectors: finished(general(history), 1, options), generalFirst: true })

  const probability = probabilityTower(saved, paths.size)
  const codewords = paths.queries()
  const queries = throughKeys(
    ofCodes(codewords, dim, weights('interest/query'), sharpness),
    dim,
    weights('interest/key'),
  )
  const added = ofCodes(codewords, dim, weights('interest/codeword'))
  const attend = interestAttention(dim, length, weights('interest/bias'))
  const value = linear('interest/value', dim, { rows: size })
  const gamma = weights('interest/gamma')
  const keys = new Float64Array(length * dim)
  const attended = new Float64Array(size * dim)
  const own = new Float64Array(size * dim)
  const vectors = new Float64Array(size * dim)
  const nearest = nearestRow(weights('codewords/0'), weights('state/prices.0'), dim)
  return (history, wanted) => {
    const { rows, count, first } = history
    const room = wanted === undefined ? explored : wanted - (generalShare > 0 ? 1 : 0)
    const logP = probability(history)
    const hard = search === 'hard' && size > 1
    const had = hard ? keepHad(logP, history, history.codes.length / length, paths.of) : undefined
    if (softer !== 1) {
      for (let c = 0; c < size; c++) logP[c] /= softer
      logSoftmaxAt(logP, 0, size)
    }
    const chosen = largest(logP, size, Math.min(room, size))
    // What the user does not have becomes a copy of the likeliest: the best of all stays the best of its own.
    const served = had ? chosen.map((interest) => (had.has(interest) ? interest : chosen[0])) : chosen
    const codes = served.map(paths.first)
    const g = general(history)
    const [whole] = finished(g, 1, options)
    normalizeAt(g, 0, dim)
    for (let i = 0; i < count * dim; i++) keys[i] = rows[i] + positions[first * dim + i]
    for (const [k, interest] of served.entries()) {
      attend(queries, interest * dim, keys, history, attended.subarray(k * dim, (k + 1) * dim))
    }
    value(attended, served.length, own)
    for (const [k, interest] of served.entries()) {
      for (let d = 0; d < dim; d++) {
        const sum = own[k * dim + d] + added[interest * dim + d]
        vectors[k * dim + d] = user === 'attention' ? sum : g[d] + gamma[d] * sum
      }
    }
    const found = finished(vectors, codes.length, options)
    const logProbabilities = Float64Array.from(chosen, (code) => logP[code])
    if (generalShare === 0) return { vectors: found, codes, logProbabilities: [...logProbabilities] }
    // The general vector in front: it has its share, the interests have the rest.
    logSoftmaxAt(logProbabilities, 0, codes.length)
    const rest = Array.from(logProbabilities, (logP) => logP + Math.log(1 - generalShare))
    return {
      vectors: [whole, ...found],
      codes: [nearest(whole), ...codes],
      logProbabilities: [codes.length > 0 ? Math.log(generalShare) : 0, ...rest],
      generalFirst: true,
    }
  }
}
