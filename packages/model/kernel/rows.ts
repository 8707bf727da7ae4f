// Work on rows of a matrix of float32, in AssemblyScript; `tools/kernels.ts` compiles it to WebAssembly with SIMD. The plain
// reference of each function stands in ../src/training/adam.ts, ../src/row-memory.ts and ../src/row-sums.ts.

/** Copies row `rows[r]` of `table` to row `r` of `out`, for `count` of them; row -1 is all zeros. */
export function gather(table: usize, rows: usize, count: i32, dim: i32, out: usize): void {
  const bytes = (<usize>dim) << 2
  for (let r = 0; r < count; r++) {
    const row = load<i32>(rows + ((<usize>r) << 2))
    if (row < 0) memory.fill(out, 0, bytes)
    else copy(table + <usize>row * bytes, out, bytes)
    out += bytes
  }
}

function copy(from: usize, to: usize, bytes: usize): void {
  const end = from + bytes
  const whole = from + (bytes & ~15)
  while (from < whole) {
    v128.store(to, v128.load(from))
    from += 16
    to += 16
  }
  while (from < end) {
    store<f32>(to, load<f32>(from))
    from += 4
    to += 4
  }
}

/** Adds row `r` of `given` to row `rows[r]` of `sums`, for `count` of them; row 0 is left out. */
export function add(sums: usize, rows: usize, count: i32, dim: i32, given: usize): void {
  const bytes = (<usize>dim) << 2
  const whole = bytes & ~15
  for (let r = 0; r < count; r++) {
    const row = load<i32>(rows + ((<usize>r) << 2))
    if (row > 0) {
      const to = sums + <usize>row * bytes
      let i: usize = 0
      for (; i < whole; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(given + i)))
      for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(given + i))
    }
    given += bytes
  }
}

/** Rows whose numbers are asked for together, before any of them is worked on. */
const AHEAD = 8
/** Bytes that come from memory at once. */
const LINE: usize = 64

/** Reads a number of each line of a row. The reads of many rows wait for memory together, and not one after the other. */
function touch(row: usize, bytes: usize): i32 {
  let read = 0
  for (let at = row; at < row + bytes; at += LINE) read |= load<i32>(at)
  return read
}

/**
 * Adam on the rows `rows[r]` of `values`, with the gradient in row `r` of `gradient`; row -1 is left out.
 *
 * Rows of a large table lie far apart, and most of the time would go to waiting for them: so they are touched some rows ahead. What that read is
 * returned, that no compiler leaves it out; it means nothing.
 */
export function adam(
  values: usize,
  first: usize,
  second: usize,
  rows: usize,
  count: i32,
  dim: i32,
  gradient: usize,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  rate: f32,
  unbias: f32,
  scale: f32,
): i32 {
  const bytes = (<usize>dim) << 2
  const whole = bytes & ~15
  const b1 = f32x4.splat(beta1)
  const b2 = f32x4.splat(beta2)
  const keep1 = f32x4.splat(1 - beta1)
  const keep2 = f32x4.splat(1 - beta2)
  const eps = f32x4.splat(epsilon)
  const step = f32x4.splat(rate)
  const bias = f32x4.splat(unbias)
  const factor = f32x4.splat(scale)
  let touched = 0
  for (let r = 0; r < count; r++) {
    if (r % AHEAD === 0) {
      for (let n = r; n < min(count, r + AHEAD); n++) {
        const next = load<i32>(rows + ((<usize>n) << 2))
        if (next < 0) continue
        const offset = <usize>next * bytes
        touched |= touch(values + offset, bytes) | touch(first + offset, bytes) | touch(second + offset, bytes)
      }
    }
    const row = load<i32>(rows + ((<usize>r) << 2))
    if (row >= 0) {
      const x = values + <usize>row * bytes
      const m = first + <usize>row * bytes
      const v = second + <usize>row * bytes
      let i: usize = 0
      for (; i < whole; i += 16) {
        const g = f32x4.mul(v128.load(gradient + i), factor)
        const mean = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(keep1, g))
        const square = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(f32x4.mul(keep2, g), g))
        v128.store(m + i, mean)
        v128.store(v + i, square)
        const below = f32x4.add(f32x4.mul(f32x4.sqrt(square), bias), eps)
        v128.store(x + i, f32x4.sub(v128.load(x + i), f32x4.div(f32x4.mul(step, mean), below)))
      }
      for (; i < bytes; i += 4) {
        const g = load<f32>(gradient + i) * scale
        const mean = beta1 * load<f32>(m + i) + (1 - beta1) * g
        const square = beta2 * load<f32>(v + i) + (1 - beta2) * g * g
        store<f32>(m + i, mean)
        store<f32>(v + i, square)
        store<f32>(x + i, load<f32>(x + i) - (rate * mean) / (sqrt<f32>(square) * unbias + epsilon))
      }
    }
    gradient += bytes
  }
  return touched
}
