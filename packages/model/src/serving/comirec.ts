import { attentionPool } from './attention-pool.ts'
import { routePlainly } from './dynamic-routing.ts'
import { finished, type SavedNetwork, savedOptions, type UserEncoder } from './user-encoder.ts'

/** See `comirecSaNetwork` and `remiNetwork`, which serves the same way. */
export function comirecSaEncoder(saved: SavedNetwork): UserEncoder {
  const { options } = saved
  const { interests } = savedOptions(options, 'interests')
  const pool = attentionPool(saved, 'attention')
  return (history, wanted = interests) => ({ vectors: finished(pool(history), Math.min(wanted, interests), options) })
}

/** See `comirecDrNetwork`. */
export function comirecDrEncoder({ options, weights, products }: SavedNetwork): UserEncoder {
  const { dim, history: length, interests, iterations } = savedOptions(options, 'interests', 'iterations')
  const all = weights('routing/maps')
  const each = dim * interests * dim
  const maps = Array.from({ length }, (_, t) =>
    products({ inputs: dim, outputs: interests * dim, weights: all.subarray(t * each, (t + 1) * each) }),
  )
  const mapped = new Float64Array(interests * dim)
  const data = new Float64Array(interests * length * dim)
  const logits = new Float64Array(length * interests)
  const capsules = new Float64Array(interests * dim)
  return ({ rows, count, first }, wanted = interests) => {
    for (let t = 0; t < count; t++) {
      maps[first + t](rows.subarray(t * dim, (t + 1) * dim), 1, mapped)
      for (let k = 0; k < interests; k++) {
        const from = mapped.subarray(k * dim, (k + 1) * dim)
        data.set(from, (k * length + t) * dim)
      }
    }
    routePlainly({ data, apart: length * dim, count, dim }, logits.fill(0), interests, iterations, capsules)
    return { vectors: finished(capsules, Math.min(wanted, interests), options) }
  }
}
