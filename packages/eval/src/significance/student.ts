import type { Random } from '@sparc/tables'

// Lanczos approximation with g = 7 and 9 terms (Godfrey, 2001): relative error below 1e-14 for x > 0.
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]

/** Natural logarithm of the gamma function, for x > 0.5. */
function logGamma(x: number): number {
  let sum = lanczos[0]
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i] / (x - 1 + i)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/**
 * Regularised incomplete beta function `I_x(a, b)`, by the continued fraction 26.5.8 of Abramowitz and Stegun evaluated
 * with Lentz's method. `y` is 1 - x, which the caller may know better than a subtraction.
 */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (y <= 0) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, x, b, a)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y) - Math.log(a))
  const tiny = 1e-300
  let c = 1
  let d = 1 / Math.max(1 - ((a + b) * x) / (a + 1), tiny)
  let fraction = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    fraction *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return front * fraction
}

/** Two-sided p of Student's t: `P(|T| >= |t|)` with `freedom` degrees of freedom (above 0, need not be whole). */
export function studentP(t: number, freedom: number): number {
  if (Number.isNaN(t)) return Number.NaN
  const square = t * t
  if (square === Number.POSITIVE_INFINITY) return 0
  return incompleteBeta(freedom / (freedom + square), square / (freedom + square), freedom / 2, 0.5)
}

/** The t that is exceeded in absolute value with probability `1 - confidence`: 1.96 for .95 and much freedom. */
export function studentQuantile(confidence: number, freedom: number): number {
  let low = 0
  let high = 1
  while (studentP(high, freedom) > 1 - confidence) high *= 2
  for (let i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2
    if (studentP(middle, freedom) > 1 - confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** A draw from the chi-square distribution (above 0, need not be whole): twice a gamma draw of half the freedom. */
export function chiSquareDraw(source: Random, freedom: number): number {
  const shape = freedom / 2
  if (shape >= 1) return 2 * gammaDraw(source, shape)
  return 2 * gammaDraw(source, shape + 1) * (1 - source.next()) ** (1 / shape)
}

/** Marsaglia and Tsang, ACM Transactions on Mathematical Software 2000, for a shape of at least 1. */
function gammaDraw(source: Random, shape: number): number {
  const d = shape - 1 / 3
  for (;;) {
    const x = source.normal()
    const v = (1 + x / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - source.next()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return d * v
  }
}
