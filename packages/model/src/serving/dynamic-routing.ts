import { product, softmaxAt, weightedSum } from './vectors.ts'

/** Behaviours mapped into interest space. */
export interface Mapped {
  /** One map for all interests, `[count, dim]`, or one for each, `[interests, length, dim]`. */
  data: Float64Array
  /** How far the behaviours of one interest are from those of the next: 0 where they share them. */
  apart: number
  count: number
  dim: number
}

/**
 * Dynamic routing, see `routeDynamically`: with `w = softmax over interests of b`, repeat `v_k = squash(sum_t w_kt m_kt)`,
 * `b_kt += v_k . m_kt`.
 *
 * @param logits where `b` begins, `[count, interests]`; overwritten
 * @param out `[interests, dim]`
 */
export function routePlainly(
  { data, apart, count, dim }: Mapped,
  logits: Float64Array,
  interests: number,
  iterations: number,
  out: Float64Array,
): void {
  const weights = new Float64Array(count * interests)
  for (let n = 0; n < iterations; n++) {
    weights.set(logits.subarray(0, count * interests))
    for (let t = 0; t < count; t++) softmaxAt(weights, t * interests, interests)
    for (let k = 0; k < interests; k++) {
      const behaviours = data.subarray(k * apart, k * apart + count * dim)
      weightedSum(weights, k, interests, behaviours, count, dim, out, k * dim)
      squashAt(out, k * dim, dim)
      for (let t = 0; t < count; t++) logits[t * interests + k] += product(out, k * dim, behaviours, t * dim, dim)
    }
  }
}

/** `|s|^2 / (1 + |s|^2) * s / |s|` in place, see `squash`. */
function squashAt(x: Float64Array, at: number, dim: number): void {
  let square = 0
  for (let d = at; d < at + dim; d++) square += x[d] * x[d]
  const scale = square / ((square + 1) * Math.sqrt(square + 1e-9))
  for (let d = at; d < at + dim; d++) x[d] *= scale
}
