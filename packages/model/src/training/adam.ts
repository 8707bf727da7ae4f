/** What one step of Adam needs to know (Kingma and Ba, ICLR 2015, algorithm 1). */
export interface AdamStep {
  /** Steps taken so far, this one included: 1, 2, ... */
  step: number
  learningRate: number
  beta1: number
  beta2: number
  epsilon: number
  /** The gradient is multiplied by this first: below 1 where it is clipped. */
  scale: number
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
 * Adam on `length` values from `at` on, with the gradient at `from` on:
 * `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`, `x -= lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)`.
 */
export function adam(
  values: Float32Array,
  { first, second }: Moments,
  at: number,
  gradient: Float32Array,
  from: number,
  length: number,
  { step, learningRate, beta1, beta2, epsilon, scale }: AdamStep,
): void {
  const rate = learningRate / (1 - beta1 ** step)
  const unbias = 1 / Math.sqrt(1 - beta2 ** step)
  const keep1 = 1 - beta1
  const keep2 = 1 - beta2
  for (let i = 0; i < length; i++) {
    const g = gradient[from + i] * scale
    const j = at + i
    const m = beta1 * first[j] + keep1 * g
    const v = beta2 * second[j] + keep2 * g * g
    first[j] = m
    second[j] = v
    values[j] -= (rate * m) / (Math.sqrt(v) * unbias + epsilon)
  }
}

/** Sum of squares, for clipping by the global norm. */
export function squaredNorm(gradient: Float32Array): number {
  let sum = 0
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i]
  return sum
}
