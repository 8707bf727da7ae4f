// The inner loops of the exact engine, in AssemblyScript; `tools/kernels.ts` compiles them to WebAssembly with SIMD.
//
// Rows lie in blocks of 16. Floats: [block][dim][16], so that one splat of a query's value meets four vectors of four
// rows each, no sum crosses lanes, 16 scores are compared with the threshold at once, and memory is read in one stream
// (four streams of a kilobyte each, which would keep a row closer together, took three times as long). Bytes:
// [block][dim / 2][16][2], so that one instruction multiplies and adds a pair of dimensions. `dim` is even: an odd one is
// padded with zeros.

/** Appends (row, score) to `out` for each of the 4 lanes whose bit is set in `mask`; returns the new end. */
function emit(mask: i32, row: i32, scores: v128, out: usize): usize {
  if (mask & 1) {
    store<i32>(out, row)
    store<i32>(out, i32x4.extract_lane(scores, 0), 4)
    out += 8
  }
  if (mask & 2) {
    store<i32>(out, row + 1)
    store<i32>(out, i32x4.extract_lane(scores, 1), 4)
    out += 8
  }
  if (mask & 4) {
    store<i32>(out, row + 2)
    store<i32>(out, i32x4.extract_lane(scores, 2), 4)
    out += 8
  }
  if (mask & 8) {
    store<i32>(out, row + 3)
    store<i32>(out, i32x4.extract_lane(scores, 3), 4)
    out += 8
  }
  return out
}

/**
 * Scores `blocks` blocks of float rows for one query and writes pairs (row: i32, score: f32) of those at or above
 * `threshold` to `out`, which has room for all. Returns how many there are. `first` is the number of the first row.
 */
export function scanFloats(
  rows: usize,
  blocks: i32,
  dim: i32,
  query: usize,
  threshold: f32,
  first: i32,
  out: usize,
): i32 {
  const start = out
  const limit = f32x4.splat(threshold)
  const end = query + ((<usize>dim) << 2)
  for (let block = 0; block < blocks; block++) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let e = f32x4.splat(0)
    let f = f32x4.splat(0)
    let g = f32x4.splat(0)
    let h = f32x4.splat(0)
    for (let q = query; q < end; q += 8) {
      const even = v128.load32_splat(q)
      a = f32x4.add(a, f32x4.mul(even, v128.load(rows)))
      b = f32x4.add(b, f32x4.mul(even, v128.load(rows, 16)))
      c = f32x4.add(c, f32x4.mul(even, v128.load(rows, 32)))
      d = f32x4.add(d, f32x4.mul(even, v128.load(rows, 48)))
      const odd = v128.load32_splat(q, 4)
      e = f32x4.add(e, f32x4.mul(odd, v128.load(rows, 64)))
      f = f32x4.add(f, f32x4.mul(odd, v128.load(rows, 80)))
      g = f32x4.add(g, f32x4.mul(odd, v128.load(rows, 96)))
      h = f32x4.add(h, f32x4.mul(odd, v128.load(rows, 112)))
      rows += 128
    }
    a = f32x4.add(a, e)
    b = f32x4.add(b, f)
    c = f32x4.add(c, g)
    d = f32x4.add(d, h)
    e = f32x4.ge(a, limit)
    f = f32x4.ge(b, limit)
    g = f32x4.ge(c, limit)
    h = f32x4.ge(d, limit)
    if (v128.any_true(v128.or(v128.or(e, f), v128.or(g, h)))) {
      out = emit(i32x4.bitmask(e), first, a, out)
      out = emit(i32x4.bitmask(f), first + 4, b, out)
      out = emit(i32x4.bitmask(g), first + 8, c, out)
      out = emit(i32x4.bitmask(h), first + 12, d, out)
    }
    first += 16
  }
  return <i32>((out - start) >> 3)
}

/**
 * The same for rows of unsigned bytes and a query of signed 16-bit integers, two dimensions at a time; pairs
 * (row: i32, score: i32). The caller scales the query so that no sum overflows.
 */
export function scanBytes(
  rows: usize,
  blocks: i32,
  dim: i32,
  query: usize,
  threshold: i32,
  first: i32,
  out: usize,
): i32 {
  const start = out
  const limit = i32x4.splat(threshold)
  const end = query + ((<usize>dim) << 1)
  for (let block = 0; block < blocks; block++) {
    let a = i32x4.splat(0)
    let b = i32x4.splat(0)
    let c = i32x4.splat(0)
    let d = i32x4.splat(0)
    for (let q = query; q < end; q += 4) {
      const pair = v128.load32_splat(q)
      const left = v128.load(rows)
      const right = v128.load(rows, 16)
      a = i32x4.add(a, i32x4.dot_i16x8_s(pair, i16x8.extend_low_i8x16_u(left)))
      b = i32x4.add(b, i32x4.dot_i16x8_s(pair, i16x8.extend_high_i8x16_u(left)))
      c = i32x4.add(c, i32x4.dot_i16x8_s(pair, i16x8.extend_low_i8x16_u(right)))
      d = i32x4.add(d, i32x4.dot_i16x8_s(pair, i16x8.extend_high_i8x16_u(right)))
      rows += 32
    }
    const e = i32x4.ge_s(a, limit)
    const f = i32x4.ge_s(b, limit)
    const g = i32x4.ge_s(c, limit)
    const h = i32x4.ge_s(d, limit)
    if (v128.any_true(v128.or(v128.or(e, f), v128.or(g, h)))) {
      out = emit(i32x4.bitmask(e), first, a, out)
      out = emit(i32x4.bitmask(f), first + 4, b, out)
      out = emit(i32x4.bitmask(g), first + 8, c, out)
      out = emit(i32x4.bitmask(h), first + 12, d, out)
    }
    first += 16
  }
  return <i32>((out - start) >> 3)
}
