import * as tf from '@tensorflow/tfjs'

/**
 * Runs `compute` outside of the gradient tape: what it returns is a constant to every gradient around it. tfjs records
 * nothing inside of a custom gradient, and this one has no inputs, so nothing leads through it.
 */
export function constant<T extends tf.Tensor>(compute: () => T): T {
  return tf.customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T
}

/** `sg(x)`: the value of `x`, and no gradient. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return constant(() => tf.clone(x))
}

/** The sum of the rows of `dy` for each code, `[size, dim]`. */
function scatter(codes: tf.Tensor1D, dy: tf.Tensor2D, size: number): tf.Tensor2D {
  // tf.oneHot refuses a depth of 1.
  if (size === 1) return tf.sum(dy, 0, true)
  // Cast, not made as float32: WebAssembly's one-hot rows are integers whatever type they are asked for.
  return tf.tidy(() => tf.matMul(tf.cast(tf.oneHot(codes, size), 'float32') as tf.Tensor2D, dy, true))
}

/**
 * Rows of a codebook. Its gradient is a product with one-hot rows, which every backend has, wasm included.
 *
 * @param codewords `[size, dim]`
 * @param codes int32 `[batch]`
 * @param rows the rows themselves, where they are at hand
 * @returns `[batch, dim]`
 */
export function lookup(codewords: tf.Tensor2D, codes: tf.Tensor1D, rows?: tf.Tensor2D): tf.Tensor2D {
  const size = codewords.shape[0]
  const gather = tf.customGrad((table, save) => {
    if (typeof save === 'function') save([codes])
    return {
      value: rows ? tf.clone(rows) : tf.gather(table as tf.Tensor2D, codes),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => scatter(saved[0] as tf.Tensor1D, dy, size),
    }
  })
  return gather(codewords) as tf.Tensor2D
}

/**
 * A scalar whose value and gradient are known already.
 *
 * @param x `[batch, dim]`, what the gradient goes to
 * @param value the scalar, a constant
 * @param direction `[batch, dim]`, a constant: the gradient is `slope * direction`
 */
export function withGradient(x: tf.Tensor2D, value: tf.Scalar, direction: tf.Tensor2D, slope: number): tf.Scalar {
  const known = tf.customGrad((_, save) => {
    if (typeof save === 'function') save([direction])
    return {
      value: tf.clone(value),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0], tf.mul(dy, slope)),
    }
  })
  return known(x) as tf.Scalar
}

/**
 * The straight-through estimator: the value of `quantized`, the gradient of the identity in `z`
 * (Bengio et al. 2013; van den Oord et al., NeurIPS 2017, section 3.2).
 */
export function straightThrough(z: tf.Tensor2D, quantized: tf.Tensor2D): tf.Tensor2D {
  const pass = tf.customGrad(() => ({
    value: tf.clone(quantized),
    gradFunc: (dy: tf.Tensor) => tf.clone(dy),
  }))
  return pass(z) as tf.Tensor2D
}

/**
 * The rotation trick: the value of `quantized`; its gradient is rotated back and scaled by the rotation that takes `z`
 * to `quantized`, row by row, so that the angle between them is kept: `q = (|q| / |z|) R z`, with `R` constant,
 * `R = I - 2 r r' + 2 b a'`, `a = z / |z|`, `b = q / |q|`, `r = (a + b) / |a + b|`
 * (Fifty et al., ICLR 2025, section 4).
 *
 * @param z `[batch, dim]`
 * @param quantized `[batch, dim]`
 */
export function rotate(z: tf.Tensor2D, quantized: tf.Tensor2D): tf.Tensor2D {
  const pass = tf.customGrad((input, save) => {
    if (typeof save === 'function') save([input as tf.Tensor2D, quantized])
    return {
      value: tf.clone(quantized),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => tf.tidy(() => rotatedBack(dy, saved[0], saved[1])),
    }
  })
  return pass(z) as tf.Tensor2D
}

/** `(|q| / |z|) R' dy` for each row: `R' v = v - 2 r (r.v) + 2 a (b.v)`. */
function rotatedBack(dy: tf.Tensor, z: tf.Tensor, quantized: tf.Tensor): tf.Tensor {
  const length = (x: tf.Tensor) => tf.maximum(tf.norm(x, 'euclidean', 1, true), 1e-12)
  const dot = (x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.mul(x, y), 1, true)
  const a = tf.div(z, length(z))
  const b = tf.div(quantized, length(quantized))
  const sum = tf.add(a, b)
  const r = tf.div(sum, length(sum))
  const back = tf.add(tf.sub(dy, tf.mul(2, tf.mul(r, dot(r, dy)))), tf.mul(2, tf.mul(a, dot(b, dy))))
  return tf.mul(tf.div(length(quantized), length(z)), back)
}
