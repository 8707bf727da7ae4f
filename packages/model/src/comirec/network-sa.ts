import type { Random } from '@sparc/tables'
import type * as tf from '@tensorflow/tfjs'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { ComirecSaOptions } from './comirec-sa.ts'
import { nearestInterestNetwork } from './nearest-interest-network.ts'

/**
 * With `H` `[history, dim]` the items of a user and `P` `[history, dim]` positions:
 *
 * - interests `V = n(softmax_T(W2' tanh(W1' (H + P)')) H)`, `[interests, dim]` (equation 8); `W1` `[dim, hidden]`, `W2` `[hidden, interests]`
 * - in training the user is the interest nearest to the target `v` `[dim]`, `V[argmax_k v_k . v]` (equation 9)
 */
export function comirecSaNetwork(options: ComirecSaOptions, random: Random): Network {
  const { dim, history: length, interests, hidden = 4 * dim } = options
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const attend = createSelfAttention(parameters, 'attention', { dim, length, hidden, queries: interests })
  const users = (input: HistoryInput): tf.Tensor3D => attend(read(input))
  return nearestInterestNetwork(options, parameters, users)
}
