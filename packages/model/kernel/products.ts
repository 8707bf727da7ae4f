// Products of rows and weights of float32, in AssemblyScript; `tools/kernels.ts` compiles it to WebAssembly with SIMD. The plain
// reference stands in ../src/serving/products.test.ts.

/**
 * `x W + b`: `x` `[rows, inputs]`; `w` in tiles of eight outputs, `[tiles, inputs, 8]`; `bias` `[8 tiles]`; `out`
 * `[rows, 8 tiles]`. Four rows of a tile at a time, so that eight sums stay in registers.
 */
export function multiply(x: usize, rows: i32, inputs: i32, w: usize, tiles: i32, bias: usize, out: usize): void {
  const width = (<usize>inputs) << 2
  const stride = (<usize>tiles) << 5
  for (let t = 0; t < tiles; t++) {
    const b0 = v128.load(bias)
    const b1 = v128.load(bias, 16)
    let at = x
    let to = out
    let r = 0
    for (; r + 3 < rows; r += 4) {
      let a0 = b0
      let a1 = b1
      let c0 = b0
      let c1 = b1
      let d0 = b0
      let d1 = b1
      let e0 = b0
      let e1 = b1
      let from = w
      const end = at + width
      for (let i = at; i < end; i += 4) {
        const w0 = v128.load(from)
        const w1 = v128.load(from, 16)
        from += 32
        let splat = v128.load32_splat(i)
        a0 = f32x4.add(a0, f32x4.mul(splat, w0))
        a1 = f32x4.add(a1, f32x4.mul(splat, w1))
        splat = v128.load32_splat(i + width)
        c0 = f32x4.add(c0, f32x4.mul(splat, w0))
        c1 = f32x4.add(c1, f32x4.mul(splat, w1))
        splat = v128.load32_splat(i + 2 * width)
        d0 = f32x4.add(d0, f32x4.mul(splat, w0))
        d1 = f32x4.add(d1, f32x4.mul(splat, w1))
        splat = v128.load32_splat(i + 3 * width)
        e0 = f32x4.add(e0, f32x4.mul(splat, w0))
        e1 = f32x4.add(e1, f32x4.mul(splat, w1))
      }
      write(to, a0, a1)
      write(to + stride, c0, c1)
      write(to + 2 * stride, d0, d1)
      write(to + 3 * stride, e0, e1)
      at += 4 * width
      to += 4 * stride
    }
    for (; r < rows; r++) {
      // Inputs in pairs, each with sums of its own: an addition need not wait for the one before.
      let a0 = b0
      let a1 = b1
      let c0 = f32x4.splat(0)
      let c1 = c0
      let from = w
      const end = at + width
      const pairs = at + (width & ~7)
      for (; at < pairs; at += 8) {
        const even = v128.load32_splat(at)
        a0 = f32x4.add(a0, f32x4.mul(even, v128.load(from)))
        a1 = f32x4.add(a1, f32x4.mul(even, v128.load(from, 16)))
        const odd = v128.load32_splat(at, 4)
        c0 = f32x4.add(c0, f32x4.mul(odd, v128.load(from, 32)))
        c1 = f32x4.add(c1, f32x4.mul(odd, v128.load(from, 48)))
        from += 64
      }
      for (; at < end; at += 4) {
        const splat = v128.load32_splat(at)
        a0 = f32x4.add(a0, f32x4.mul(splat, v128.load(from)))
        a1 = f32x4.add(a1, f32x4.mul(splat, v128.load(from, 16)))
        from += 32
      }
      write(to, f32x4.add(a0, c0), f32x4.add(a1, c1))
      to += stride
    }
    w += width << 3
    bias += 32
    out += 32
  }
}

function write(to: usize, low: v128, high: v128): void {
  v128.store(to, low)
  v128.store(to, high, 16)
}
