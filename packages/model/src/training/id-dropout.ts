import { mix32, type Random } from '@sparc/tables'
import type { Bare } from '../embedding-table.ts'

/**
 * Leaves the own rows of a share `rate` of the items out of a step, other items in each, so that features learn to stand for an item that
 * nobody used yet (DropoutNet, Volkovs, Yu and Poutanen, NeurIPS 2017, who leave out preferences). A step always leaves out the same items:
 * there is no state to restore.
 */
export function createIdDropout(rate: number, random: Random): (step: number) => Bare {
  const salt = random.int(2 ** 31)
  const below = rate * 2 ** 32
  return (step) => {
    const seed = mix32(salt ^ mix32(step))
    return (item) => mix32(item ^ seed) < below
  }
}
