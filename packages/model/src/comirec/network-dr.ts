import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { routeDynamically } from '../encoders/dynamic-routing.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { ComirecDrOptions } from './comirec-dr.ts'
import { nearestInterestNetwork } from './nearest-interest-network.ts'

/** Maps begin near the identity, so that interests begin in the space of the items, and apart by this much. */
const MAP_NOISE = 0.05

/** Capsules `v_k` routed from `m_kt = W_kt h_t` (equations 2 to 7); in training, the interest nearest to the target (equation 9). */
export function comirecDrNetwork(options: ComirecDrOptions, random: Random): Network {
  const { dim, history: length, interests, iterations } = options
  const parameters = createParameters(random)
  const maps = parameters.add<tf.Rank.R3>('routing/maps', [length, dim, interests * dim], { normal: MAP_NOISE })
  addIdentity(parameters.list[0].value, length, dim, interests)
  parameters.restore({ 'routing/maps': parameters.list[0].value })
  const read = createHistoryReader(parameters, options)
  const users = (input: HistoryInput): tf.Tensor3D => {
    const history = read(input)
    // One product per position: [history, batch, dim] x [history, dim, interests * dim].
    const mapped = tf.matMul(tf.transpose(history, [1, 0, 2]), maps)
    const byInterest = tf.transpose(tf.reshape(mapped, [length, input.size, interests, dim]), [1, 2, 0, 3])
    return routeDynamically(byInterest as tf.Tensor4D, tf.zeros([1, interests, length]), iterations)
  }
  return nearestInterestNetwork(options, parameters, users)
}

/** Adds the identity to each position's and each interest's map, `[length, dim, interests * dim]`. */
function addIdentity(maps: Float32Array, length: number, dim: number, interests: number): void {
  for (let t = 0; t < length; t++) {
    for (let d = 0; d < dim; d++) {
      for (let k = 0; k < interests; k++) maps[((t * dim + d) * interests + k) * dim + d] += 1
    }
  }
}
