import { routePlainly } from './dynamic-routing.ts'
import { residualLayer } from './residual-layer.ts'
import { finished, type SavedNetwork, savedOptions, type UserEncoder } from './user-encoder.ts'

/** The logarithm of no probability. */
const ABSENT = -1e9

/** See `mindNetwork`: `max(1, min(interests, log2 |history|))` vectors; the others are copies of the first. */
export function mindEncoder(saved: SavedNetwork): UserEncoder {
  const { options, weights, linear } = saved
  const { dim, history: length, interests, iterations } = savedOptions(options, 'interests', 'iterations')
  const map = linear('routing/map', dim, { rows: length })
  const start = weights('routing/logits')
  const layer = residualLayer(saved, 'interest', interests)
  const data = new Float64Array(length * dim)
  const logits = new Float64Array(length * interests)
  const vectors = new Float64Array(interests * dim)
  return ({ rows, count, first }, wanted = interests) => {
    const given = Math.min(wanted, interests)
    const own = Math.max(1, Math.min(interests, Math.floor(Math.log2(count))))
    for (let t = 0; t < count; t++) {
      for (let k = 0; k < own; k++) logits[t * own + k] = start[k * length + first + t]
    }
    routePlainly({ data: map(rows, count, data), apart: 0, count, dim }, logits, own, iterations, vectors)
    layer(vectors, own)
    for (let k = own; k < interests; k++) vectors.copyWithin(k * dim, 0, dim)
    const logProbabilities = Array.from({ length: given }, (_, k) => (k < own ? -Math.log(own) : ABSENT))
    return { vectors: finished(vectors, given, options), logProbabilities }
  }
}
