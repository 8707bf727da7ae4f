import type { ResidualQuantizer } from '@sparc/codebook'
import * as tf from '@tensorflow/tfjs'
import { gatherRows } from '../encoders/gather.ts'
import type { Queries } from './user-tower.ts'

/**
 * Which interests there are: one for each level-1 code, or for each path of codes over several levels, numbered
 * `((c^1 S) + c^2) S + ..`, `S` the size of a level. What an interest asks with is the sum of its codewords.
 */
export interface InterestCodes {
  /** Number of interests. */
  readonly count: number
  /** int32 `[rows, levels of the quantizer]` to the interest of each row, int32 `[rows]`. */
  of(codes: tf.Tensor2D): tf.Tensor1D
  /** What interests, int32 `[batch, k]`, ask with: gradients reach the codewords. */
  queries(interests: tf.Tensor2D): Queries
  /** Level-1 codes of interests. */
  first(interests: tf.Tensor2D): tf.Tensor2D
}

/** @param levels how many levels of codes tell interests apart, from the first on */
export function createInterestCodes(quantizer: ResidualQuantizer, levels: number): InterestCodes {
  const [size] = quantizer.sizes
  const below = (level: number) => size ** (levels - 1 - level)
  const codeAt = (interests: tf.Tensor2D, level: number) =>
    tf.mod(tf.floorDiv(interests, tf.scalar(below(level), 'int32')), tf.scalar(size, 'int32')) as tf.Tensor2D
  return {
    count: size ** levels,
    of(codes) {
      const at = (level: number) => tf.squeeze(tf.slice(codes, [0, level], [-1, 1]), [1]) as tf.Tensor1D
      let interests = at(0)
      for (let level = 1; level < levels; level++) {
        interests = tf.add(tf.mul(interests, tf.scalar(size, 'int32')), at(level))
      }
      return interests
    },
    queries(interests) {
      const [batch, k] = interests.shape
      const flat = tf.reshape(interests, [batch * k, 1]) as tf.Tensor2D
      if (levels === 1 && size <= batch * k) {
        return { shape: [batch, k], words: quantizer.codewords(0), of: tf.squeeze(flat, [1]) }
      }
      const words = Array.from({ length: levels }, (_, level) =>
        gatherRows(quantizer.codewords(level), tf.squeeze(codeAt(flat, level), [1]) as tf.Tensor1D),
      )
      return { shape: [batch, k], words: tf.addN(words) as tf.Tensor2D }
    },
    first: (interests) => (levels === 1 ? interests : codeAt(interests, 0)),
  }
}
