import { living, type State } from './state.ts'

/** More shards than this are sorted, fewer picked one by one. */
const PICKED = 24

/** Where one query looks, best first. */
export interface Route {
  /**
   * The next place: the ordinal of a shard or, from the number of shards on, that and the number of a cell; -1 where there
   * is none left.
   */
  next(): number
  readonly open: boolean
  /** How many places are looked into in any case; more only where these ran dry. */
  readonly looks: number
}

/**
 * The non-empty shards in the order in which a query should look into them: its own code's first, then by the dot product
 * to expect of their best row (`Routing`), ties by ordinal. What is not asked for is not computed.
 *
 * @param probes how many shards are looked into; Infinity for all of them, whose order then does not matter
 */
export function route(state: State, vectors: Float32Array, at: number, own: number | undefined, probes: number): Route {
  const all = probes === Number.POSITIVE_INFINITY
  const { shards } = state
  let left = 0
  for (const shard of shards) if (living(shard) > 0) left++
  let first = own !== undefined && living(shards[own]) > 0 ? own : -1
  let scores: Float64Array | undefined
  let sorted: Int32Array | undefined
  let taken = 0

  function score(): Float64Array {
    const out = new Float64Array(shards.length)
    if (!all) state.routing.expect(state, vectors, at, out)
    for (let s = 0; s < shards.length; s++) {
      if (s === own || living(shards[s]) === 0) out[s] = Number.NEGATIVE_INFINITY
    }
    return out
  }
  function best(values: Float64Array): number {
    let at = 0
    for (let s = 1; s < values.length; s++) if (values[s] > values[at]) at = s
    values[at] = Number.NEGATIVE_INFINITY
    return at
  }
  function rest(values: Float64Array): Int32Array {
    const order = new Int32Array(left)
    let count = 0
    for (let s = 0; s < values.length; s++) if (values[s] > Number.NEGATIVE_INFINITY) order[count++] = s
    return all ? order : order.sort((a, b) => values[b] - values[a] || a - b)
  }
  return {
    looks: Math.min(probes, left),
    get open() {
      return left > 0
    },
    next() {
      if (left === 0) return -1
      if (first >= 0) {
        left--
        const ordinal = first
        first = -1
        return ordinal
      }
      scores ??= score()
      if (!sorted && (all || taken >= PICKED)) {
        sorted = rest(scores)
        taken = 0
      }
      const ordinal = sorted ? sorted[taken++] : best(scores)
      if (!sorted) taken++
      left--
      return ordinal
    },
  }
}
