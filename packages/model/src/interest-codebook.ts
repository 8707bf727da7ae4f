import type { ResidualQuantizer } from '@sparc/codebook'
import type { BetweenSteps, Network } from './network.ts'
import type { Parameters } from './training/parameters.ts'

/** How a codebook is kept while its network learns. */
export interface CodebookCare {
  /** The option that says how many codes a level has, for messages. */
  option: string
  /** Steps before it begins with residual k-means; at most half of the run, be that steps or seconds. */
  warmUpSteps: number
  /** Codes used less than this share of their fair one are reset, every `reviveEvery` steps. */
  reviveBelow: number
  reviveEvery: number
  /** Whether level-1 codes are brought back into balance then. */
  rebalance?: boolean
  /** Codewords stay where residual k-means put them. */
  frozen?: boolean
}

/** The part of a network that its codebook answers for. */
export type CodebookPart = Required<
  Pick<Network, 'codes' | 'codewords' | 'between' | 'settled' | 'state' | 'restore' | 'dispose'>
> & {
  /** Whether the codebook has begun. */
  begun(): boolean
}

/**
 * The life of a residual quantizer inside of a network: its codewords are parameters; it begins with residual k-means over the
 * items after a warm-up; rarely used codes are revived, and their health is told. `state` holds all of it.
 *
 * @param parameters the network's, which the codewords become part of and which `dispose` frees
 */
export function createCodebookPart(
  parameters: Parameters,
  quantizer: ResidualQuantizer,
  { option, warmUpSteps, reviveBelow, reviveEvery, rebalance = false, frozen = false }: CodebookCare,
): CodebookPart {
  const levels = quantizer.sizes.length
  const name = (level: number) => `codewords/${level}`
  let isBegun = false
  for (let l = 0; l < levels; l++) parameters.adopt(name(l), quantizer.codewords(l), frozen)

  function begin({ step, steps, share, items, phase }: BetweenSteps): void {
    if (isBegun || (step < Math.min(warmUpSteps, Math.floor(steps / 2)) && share < 0.5)) return
    quantizer.initialize(items())
    for (let l = 0; l < levels; l++) parameters.pull(name(l))
    isBegun = true
    phase('joint')
  }

  return {
    begun: () => isBegun,
    settled: () => isBegun,
    codes: {
      levels,
      needs: { items: Math.max(...quantizer.sizes), option },
      of: (vectors) => quantizer.encode(vectors).data,
    },
    codewords: () =>
      Array.from({ length: levels }, (_, l) => {
        const [rows, dim] = quantizer.codewords(l).shape as [number, number]
        return { data: Float32Array.from(quantizer.codewords(l).dataSync()), rows, dim }
      }),
    between(state) {
      begin(state)
      // One codeword needs no care.
      const kept = state.step > 0 && state.step % reviveEvery === 0
      if (!isBegun || quantizer.sizes[0] === 1 || !kept) return
      const vectors = state.items()
      const revived = frozen ? [] : quantizer.reviveDead(vectors, { below: reviveBelow })
      for (const [l, codes] of revived.entries()) if (codes.length > 0) parameters.pull(name(l), codes)
      if (rebalance) quantizer.rebalance(vectors)
      const { levels: health, collisions } = quantizer.health(quantizer.encode(vectors))
      const shown = health.map(({ usage, perplexity, largest }) => ({ usage, perplexity, largest }))
      const count = revived.reduce((sum, codes) => sum + codes.length, 0)
      state.codebook(shown, collisions, count)
    },
    state: () => ({ joint: Float32Array.of(isBegun ? 1 : 0), ...quantizer.state() }),
    restore({ joint, ...arrays }) {
      isBegun = joint[0] === 1
      quantizer.restore(arrays)
    },
    dispose() {
      parameters.dispose()
      quantizer.dispose()
    },
  }
}
