import type { Random } from '@sparc/tables'
import { z } from 'zod'
import type { BatchSampler } from './sampler.ts'

/** Where negatives come from. */
export const NEGATIVES = ['uniform', 'log-uniform', 'popularity', 'in-batch', 'mixed'] as const

/** Options of the negative sampler, shared by every learned system. */
export const negativeOptions = z.strictObject({
  /** `mixed`: `count` uniform ones and the targets of the batch besides. */
  kind: z.enum(NEGATIVES).default('uniform'),
  /** How many a batch, shared by all its examples; `in-batch` needs none. */
  count: z.int().positive().default(1280),
  /** `popularity` draws in proportion to count ^ power. */
  power: z.number().min(0).max(2).default(0.75),
  /**
   * Subtract log Q, the expected number of draws, from every logit (Bengio and Senecal 2008). Of `uniform` negatives it is one number, which
   * softmax and BPR do not see and which is left out; BCE would see it, so there the logits of other kinds lie higher by it.
   */
  correction: z.boolean().default(true),
  /**
   * Draws only items that somebody used in training, at any time. Otherwise all of the catalogue is drawn from, and an item that nobody used
   * yet, which is never a target, is pushed away from everybody whatever its features say. Where absent: with `features`, yes.
   */
  seenOnly: z.boolean().optional(),
})
export type NegativeOptions = z.output<typeof negativeOptions>

/** Below the expected number of draws of every item that can be drawn: keeps the logarithm finite for the others. */
const LEAST_EXPECTED = 1e-12

/** Draws the negatives of a batch, and knows how likely each item was to be drawn. */
export interface NegativeSampler {
  /** How many negatives a batch gets. */
  readonly size: number
  /** Fills `out` `[size]`, given the targets of the batch. */
  draw(targets: Int32Array, out: Int32Array): void
  /**
   * Makes, for batches of `sampler`, the log of the expected number of times that `item` is among the negatives; absent where that is
   * the same for all items.
   */
  logQ?: (sampler: Pick<BatchSampler, 'targetShares'>) => (item: number) => number
}

/** Draws from a discrete distribution in constant time (Walker 1977, Vose 1991). */
export function aliasTable(weights: Float64Array, random: Random): () => number {
  const n = weights.length
  let total = 0
  for (let i = 0; i < n; i++) total += weights[i]
  const share = new Float64Array(n)
  const alias = new Int32Array(n)
  const small: number[] = []
  const large: number[] = []
  for (let i = 0; i < n; i++) {
    share[i] = (weights[i] * n) / total
    if (share[i] < 1) small.push(i)
    else large.push(i)
  }
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!
    const more = large[large.length - 1]
    alias[less] = more
    share[more] -= 1 - share[less]
    if (share[more] < 1) small.push(large.pop()!)
  }
  for (const i of small) share[i] = 1
  for (const i of large) share[i] = 1
  return () => {
    const i = random.int(n)
    return random.next() < share[i] ? i : alias[i]
  }
}

/** Probability of the item of popularity rank `r` (0 = most popular): `log((r + 2) / (r + 1)) / log(n + 1)`. */
function logUniform(rank: number, items: number): number {
  return Math.log((rank + 2) / (rank + 1)) / Math.log(items + 1)
}

/**
 * Makes the sampler.
 *
 * @param counts interactions per item in training, `[items]`
 * @param batch examples a batch
 * @param seen which items `seenOnly` draws, those above 0, `[items]`
 */
export function createNegatives(
  options: NegativeOptions,
  counts: Int32Array,
  batch: number,
  random: Random,
  seen: ArrayLike<number> = counts,
): NegativeSampler {
  const { kind, count, power, correction, seenOnly } = options
  const all = Int32Array.from(counts, (_, item) => item)
  const drawable = seenOnly ? all.filter((item) => seen[item] > 0) : all
  const items = drawable.length
  const uniform = () => drawable[random.int(items)]
  const drawn = (source: () => number, logQ?: (item: number) => number): NegativeSampler => ({
    size: count,
    draw(_, out) {
      for (let i = 0; i < out.length; i++) out[i] = source()
    },
    logQ: correction && logQ ? () => logQ : undefined,
  })
  if (kind === 'uniform') return drawn(uniform)
  if (kind === 'log-uniform') {
    const byCount = drawable.slice().sort((a, b) => counts[b] - counts[a] || a - b)
    const rank = new Int32Array(counts.length)
    for (let r = 0; r < items; r++) rank[byCount[r]] = r
    // The inverse of the distribution function: rank = floor(exp(u log(n + 1))) - 1.
    const source = () => byCount[Math.min(items - 1, Math.floor(Math.exp(random.next() * Math.log(items + 1))) - 1)]
    return drawn(source, (item) => Math.log(count * logUniform(rank[item], items)))
  }
  if (kind === 'popularity') {
    const weights = new Float64Array(counts.length)
    for (const item of drawable) weights[item] = Math.max(counts[item], 1) ** power
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return drawn(aliasTable(weights, random), (item) => Math.log((count * weights[item]) / sum))
  }
  const drawnToo = kind === 'mixed' ? count : 0
  const logQ: NegativeSampler['logQ'] = (sampler) => {
    const shares = sampler.targetShares(counts.length)
    return (item) => Math.log(Math.max(batch * shares[item] + drawnToo / items, LEAST_EXPECTED))
  }
  return {
    size: batch + drawnToo,
    draw(targets, out) {
      out.set(targets)
      for (let i = targets.length; i < out.length; i++) out[i] = uniform()
    },
    logQ: correction ? logQ : undefined,
  }
}
