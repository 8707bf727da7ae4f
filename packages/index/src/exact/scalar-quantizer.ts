import type { Layout } from './layout.ts'

/** Per dimension, a value is `least + step * code`, the code being a byte. */
export interface ScalarQuantizer {
  /** `[dim]` */
  least: Float32Array
  /** `[dim]`, 0 where all values are equal */
  step: Float32Array
}

/** The range of each dimension in 255 steps. Later values outside of it are clamped. */
export function trainScalarQuantizer(vectors: Float32Array, dim: number): ScalarQuantizer {
  const least = new Float32Array(dim).fill(Number.POSITIVE_INFINITY)
  const most = new Float32Array(dim).fill(Number.NEGATIVE_INFINITY)
  for (let at = 0; at < vectors.length; at += dim) {
    for (let d = 0; d < dim; d++) {
      const value = vectors[at + d]
      if (value < least[d]) least[d] = value
      if (value > most[d]) most[d] = value
    }
  }
  return { least, step: most.map((value, d) => (value - least[d]) / 255) }
}

/** A query as 16-bit integers: `dot = bias + sum_d ints[d] code[d] / scale`, rounded. */
export interface IntegerQuery {
  ints: Int16Array
  bias: number
  scale: number
}

/** Scales a query so that each value fits 16 bits and no sum of products with bytes overflows 31. */
export function integerQuery(
  { least, step }: ScalarQuantizer,
  vectors: Float32Array,
  from: number,
  ints = new Int16Array(least.length),
): IntegerQuery {
  let bias = 0
  let most = 0
  let sum = 0
  for (let d = 0; d < least.length; d++) {
    bias += vectors[from + d] * least[d]
    const size = Math.abs(vectors[from + d] * step[d])
    sum += size
    if (size > most) most = size
  }
  const scale = most > 0 ? Math.min(32767 / most, (2 ** 31 - 1 - 128 * least.length) / (255 * sum)) : 1
  for (let d = 0; d < least.length; d++) ints[d] = Math.round(vectors[from + d] * step[d] * scale)
  return { ints, bias, scale }
}

/** A bound of the error of the integer dot product: half a unit for each dimension, times the largest code. */
export function integerMargin(quantizer: ScalarQuantizer, vectors: Float32Array, from: number): number {
  const { scale, bias } = integerQuery(quantizer, vectors, from)
  return (127.5 * quantizer.least.length + 1) / scale + Math.abs(bias) * 2 ** -40
}

/** One byte a dimension, `[block][dim / 2][16][2]`. */
export function byteLayout(dim: number, quantizer: ScalarQuantizer): Layout {
  const { least, step } = quantizer
  const width = dim + (dim & 1)
  const start = (at: number, row: number) => at + (row >> 4) * width * 16 + (row & 15) * 2
  const place = (first: number, d: number) => first + (d >> 1) * 32 + (d & 1)
  const held = new Int16Array(dim)
  let query: IntegerQuery = { ints: held, bias: 0, scale: 1 }
  return {
    blockBytes: width * 16,
    write({ bytes }, at, row, vectors, from) {
      const first = start(at, row)
      for (let d = 0; d < dim; d++) {
        const code = step[d] > 0 ? Math.round((vectors[from + d] - least[d]) / step[d]) : 0
        bytes[place(first, d)] = Math.min(255, Math.max(0, code))
      }
    },
    read({ bytes }, at, row, out, to) {
      const first = start(at, row)
      for (let d = 0; d < dim; d++) out[to + d] = least[d] + step[d] * bytes[place(first, d)]
    },
    prepare(arena, vectors, from) {
      query = integerQuery(quantizer, vectors, from, held)
      const to = arena.query >> 1
      arena.shorts.set(held, to)
      if (width > dim) arena.shorts[to + dim] = 0
    },
    scan(arena, at, blocks, threshold, first) {
      const raw = Math.ceil((threshold - query.bias) * query.scale)
      const least = Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, raw))
      return arena.kernel.scanBytes(at, blocks, width, arena.query, least, first, arena.out)
    },
    scores({ ints, out: pairs }, count, out) {
      const { bias, scale } = query
      for (let i = 0, at = (pairs >> 2) + 1; i < count; i++, at += 2) out[i] = bias + ints[at] / scale
    },
  }
}
