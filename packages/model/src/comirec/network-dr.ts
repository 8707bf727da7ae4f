import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { routeDynamically } from '../encoders/dynamic-routing.ts'
import { permuteRows } from '../encoders/gather.ts'
import { createHistory, type History } from '../encoders/history.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { ComirecDrOptions } from './comirec-dr.ts'
import { nearestInterestNetwork } from './nearest-interest-network.ts'

/** Maps begin near the identity, so that interests begin in the space of the items, and apart by this much. */
const MAP_NOISE = 0.05

/**
 * With `h_t` `[dim]` the items of a user:
 *
 * - capsules `v_k` `[dim]` routed from `m_kt = W_kt h_t`, a map `W_kt` `[dim, dim]` for each interest and position (equations 2 to 7; `routeDynamically`,
 *   its logits beginning at zero); interests `n(v_k)`, `[interests, dim]`
 * - in training the user is the interest nearest to the target (equation 9)
 */
export function comirecDrNetwork(options: ComirecDrOptions, random: Random): Network {
  const { dim, history: length, interests, iterations } = options
  const parameters = createParameters(random)
  const maps = parameters.add<tf.Rank.R3>('routing/maps', [length, dim, interests * dim], { normal: MAP_NOISE })
  addIdentity(parameters.list[0].value, length, dim, interests)
  parameters.restore({ 'routing/maps': parameters.list[0].value })
  const read = createHistoryReader(parameters, options)
  const users = (input: HistoryInput): tf.Tensor3D => {
    const mapped = mapByPosition(read(input), maps as tf.Tensor3D).padded()
    const byInterest = tf.transpose(tf.reshape(mapped, [input.size, length, interests, dim]), [0, 2, 1, 3])
    return routeDynamically(byInterest as tf.Tensor4D, tf.zeros([1, interests, length]), iterations)
  }
  return nearestInterestNetwork(options, parameters, users)
}

/** `W_t h_t`, one product per position: `maps` `[length, dim, out]`. */
function mapByPosition({ rows, places }: History, maps: tf.Tensor3D): History {
  const positions = places.at.map((at) => at % places.length)
  const counts = new Int32Array(places.length)
  for (const position of positions) counts[position]++
  // Where each row stands when they are sorted by position, and which row stands there.
  const next = counts.map((_, t) => counts.subarray(0, t).reduce((sum, count) => sum + count, 0))
  const back = positions.map((position) => next[position]++)
  const order = new Int32Array(back.length)
  for (const [row, at] of back.entries()) order[at] = row
  const [there, home] = [order, back].map((rows) => tf.tensor1d(rows, 'int32'))
  const present = tf.unstack(maps).filter((_, t) => counts[t] > 0) as tf.Tensor2D[]
  const parts = tf.split(
    permuteRows(rows, there, home),
    Array.from(counts).filter((count) => count > 0),
  ) as tf.Tensor2D[]
  const mapped = tf.concat2d(
    parts.map((part, n) => tf.matMul(part, present[n])),
    0,
  )
  return createHistory(places, permuteRows(mapped, home, there))
}

/** Adds the identity to each position's and each interest's map, `[length, dim, interests * dim]`. */
function addIdentity(maps: Float32Array, length: number, dim: number, interests: number): void {
  for (let t = 0; t < length; t++) {
    for (let d = 0; d < dim; d++) {
      for (let k = 0; k < interests; k++) maps[((t * dim + d) * interests + k) * dim + d] += 1
    }
  }
}
