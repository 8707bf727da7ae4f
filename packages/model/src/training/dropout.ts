import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'

/**
 * Seeded dropout, `x` with a share `rate` of its entries zeroed and the others divided by `1 - rate`, that costs a slice
 * and a product: drawing a fresh mask every step would cost more than the matrix products.
 */
export type Dropout = <T extends tf.Tensor>(x: T, rate: number) => T

/** The pool is at least this many times as long as the longest mask asked of it. */
const SPARE = 2

/**
 * Dropout whose masks are windows, at a random offset each time, into one long pool of random bits.
 *
 * @param pool seeds the bits; @param random draws the offsets, and is part of the state that a resumed run restores
 */
export function createDropout(pool: Random, random: Random): { dropout: Dropout; dispose(): void } {
  const pools = new Map<string, tf.Tensor1D>()
  const poolFor = (rate: number, length: number) => {
    const key = `${rate}:${length}`
    const found = pools.get(key)
    if (found) return found
    const source = pool.fork(key)
    const values = new Float32Array(length)
    for (let i = 0; i < length; i++) values[i] = source.next() < rate ? 0 : 1 / (1 - rate)
    const made = tf.keep(tf.tensor1d(values))
    pools.set(key, made)
    return made
  }
  return {
    dropout: (x, rate) => {
      if (rate === 0) return x
      // A power of two, for batches of like sizes to share a pool.
      const length = 2 ** Math.ceil(Math.log2(x.size * SPARE))
      const mask = poolFor(rate, length)
      const offset = random.int(length - x.size + 1)
      return tf.mul(x, tf.reshape(tf.slice(mask, offset, x.size), x.shape))
    },
    dispose() {
      for (const mask of pools.values()) mask.dispose()
      pools.clear()
    },
  }
}
