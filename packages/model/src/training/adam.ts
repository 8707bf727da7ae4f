/** One step of Adam, its bias corrections worked out (Kingma and Ba, ICLR 2015, algorithm 1). */
export interface AdamStep {
  beta1: number
  beta2: number
  epsilon: number
  /** `learning rate / (1 - beta1 ^ t)` */
  rate: number
  /** `1 / sqrt(1 - beta2 ^ t)` */
  unbias: number
  /** The gradient is multiplied by this first: below 1 where it is clipped. */
  scale: number
}

/** @param step steps taken so far, this one included: 1, 2, ... */
export function adamStep(step: number, learningRate: number, scale = 1): AdamStep {
  const [beta1, beta2] = [0.9, 0.999]
  return {
    beta1,
    beta2,
    epsilon: 1e-8,
    rate: learningRate / (1 - beta1 ** step),
    unbias: 1 / Math.sqrt(1 - beta2 ** step),
    scale,
  }
}

/** Running means of the gradient and of its square, as long as the values. */
export interface Moments {
  first: Float32Array
  second: Float32Array
}

export function createMoments(length: number): Moments {
  return { first: new Float32Array(length), second: new Float32Array(length) }
}

/**
 * Adam on rows of `width` values: row `rows[r]` with the gradient `gradient[r * width ..]`, for `count` of them; row -1 is
 * left out.
 *
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`, `x -= rate * m / (unbias * sqrt(v) + eps)`
 */
export function adamRows(
  values: Float32Array,
  { first, second }: Moments,
  rows: Int32Array,
  count: number,
  width: number,
  gradient: Float32Array,
  { beta1, beta2, epsilon, rate, unbias, scale }: AdamStep,
): void {
  const keep1 = 1 - beta1
  const keep2 = 1 - beta2
  for (let r = 0; r < count; r++) {
    if (rows[r] < 0) continue
    let j = rows[r] * width
    const end = (r + 1) * width
    for (let i = r * width; i < end; i++, j++) {
      const g = gradient[i] * scale
      const m = beta1 * first[j] + keep1 * g
      const v = beta2 * second[j] + keep2 * g * g
      first[j] = m
      second[j] = v
      values[j] -= (rate * m) / (Math.sqrt(v) * unbias + epsilon)
    }
  }
}

const WHOLE = Int32Array.of(0)

/** Adam on all values at once. */
export function adamAll(values: Float32Array, moments: Moments, gradient: Float32Array, step: AdamStep): void {
  adamRows(values, moments, WHOLE, 1, values.length, gradient, step)
}

/** Sum of squares, for clipping by the global norm. */
export function squaredNorm(gradient: Float32Array): number {
  let sum = 0
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i]
  return sum
}
