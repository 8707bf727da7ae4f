import type { Matrix } from '@sparc/tables'
import {
  addF32x4,
  addI32x4,
  advance,
  type Bytes,
  constI32x4,
  get,
  greaterF32x4,
  I32,
  load,
  loadSplat,
  moduleOf,
  mulF32x4,
  select,
  set,
  store,
  times,
  V128,
} from './wasm-assembler.ts'

/** Rows and codes that the kernel handles together: eight sums stay in registers. */
const ROWS = 4
const CODES = 8
/** The inner loop is unrolled this often, so dimensions are padded to a multiple of it. */
const UNROLL = 4

/**
 * `f(x, rowTiles, dimTiles, w, codeTiles, out)`: for each row of `x` the largest of `x.c - bias` over the codes of each
 * of four lanes, and its code.
 *
 * `x` is packed `[rowTiles][dim][ROWS]`; `w` is packed `[codeTiles][1 + dim][CODES]`, the first entry being `-bias`;
 * `out` gets for each row four float32 values and their four int32 codes.
 */
function assemble(): Uint8Array {
  const [x, rowTiles, dimTiles, w, codeTiles, out] = [0, 1, 2, 3, 4, 5]
  const [rowCount, codeCount, dimCount, xAt, wAt] = [6, 7, 8, 9, 10]
  const first = 11
  const sum = (r: number, half: number) => first + 2 * r + half
  const best = (r: number) => first + 2 * ROWS + r
  const code = (r: number) => first + 3 * ROWS + r
  const [lanes, w0, w1, splat] = [0, 1, 2, 3].map((i) => first + 4 * ROWS + i)
  const rows = Array.from({ length: ROWS }, (_, r) => r)
  const minus = -8388608 // the bits of -Infinity

  const product = (u: number): Bytes => [
    ...[...load(get(wAt), u * CODES * 4), ...set(w0), ...load(get(wAt), u * CODES * 4 + 16), ...set(w1)],
    ...rows.flatMap((r) => [
      ...[...loadSplat(get(xAt), (u * ROWS + r) * 4), ...set(splat)],
      ...[...addF32x4(get(sum(r, 0)), mulF32x4(get(splat), get(w0))), ...set(sum(r, 0))],
      ...[...addF32x4(get(sum(r, 1)), mulF32x4(get(splat), get(w1))), ...set(sum(r, 1))],
    ]),
  ]
  const compare = (r: number, half: number): Bytes => {
    const codes = half === 0 ? get(lanes) : addI32x4(get(lanes), constI32x4(4, 4, 4, 4))
    const mask = greaterF32x4(get(sum(r, half)), get(best(r)))
    return [
      ...[...select(codes, get(code(r)), mask), ...set(code(r))],
      ...[...select(get(sum(r, half)), get(best(r)), mask), ...set(best(r))],
    ]
  }
  const tile: Bytes = [
    ...rows.flatMap((r) => [...load(get(wAt)), ...set(sum(r, 0)), ...load(get(wAt), 16), ...set(sum(r, 1))]),
    ...[...advance(wAt, CODES * 4), ...get(x), ...set(xAt)],
    ...times(dimCount, get(dimTiles), [
      ...Array.from({ length: UNROLL }, (_, u) => product(u)).flat(),
      ...[...advance(wAt, UNROLL * CODES * 4), ...advance(xAt, UNROLL * ROWS * 4)],
    ]),
    ...rows.flatMap((r) => [...compare(r, 0), ...compare(r, 1)]),
    ...[...addI32x4(get(lanes), constI32x4(8, 8, 8, 8)), ...set(lanes)],
  ]
  const body = times(rowCount, get(rowTiles), [
    ...rows.flatMap((r) => [
      ...[...constI32x4(minus, minus, minus, minus), ...set(best(r)), ...constI32x4(0, 0, 0, 0), ...set(code(r))],
    ]),
    ...[...constI32x4(0, 1, 2, 3), ...set(lanes), ...get(w), ...set(wAt)],
    ...times(codeCount, get(codeTiles), tile),
    ...rows.flatMap((r) => [...store(get(out), get(best(r)), r * 32), ...store(get(out), get(code(r)), r * 32 + 16)]),
    ...[...get(xAt), ...set(x), ...advance(out, ROWS * 32)],
  ])
  return moduleOf(
    6,
    [
      { type: I32, count: 5 },
      { type: V128, count: 4 * ROWS + 4 },
    ],
    body,
  )
}

/** What is used of the global, which every supported runtime has. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number }
  Module: new (bytes: Uint8Array) => object
  Instance: new (
    module: object,
    imports: Record<string, Record<string, object>>,
  ) => { exports: Record<string, unknown> }
}

interface Kernel {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  run(...arguments_: number[]): void
}

let kernel: Kernel | undefined

/** Made at the first use. */
function theKernel(): Kernel {
  if (kernel) return kernel
  const memory = new WebAssembly.Memory({ initial: 1 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assemble()), { m: { m: memory } })
  const run = instance.exports.f
  if (typeof run !== 'function') throw new TypeError('the kernel does not export its function')
  kernel = { memory, run: (...arguments_) => run(...arguments_) }
  return kernel
}

const up = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple

/** Codewords packed for the kernel: see `assemble`. */
export interface PackedCodewords {
  data: Float32Array
  size: number
  dim: number
}

/** Packs codewords and their biases once, for many blocks of vectors. */
export function packCodewords(codewords: Matrix, bias: Float32Array): PackedCodewords {
  const { data: from, rows: size, dim } = codewords
  const wide = up(dim, UNROLL)
  const tile = (1 + wide) * CODES
  const data = new Float32Array((up(size, CODES) / CODES) * tile)
  for (let c = 0; c < up(size, CODES); c++) {
    const at = Math.floor(c / CODES) * tile + (c % CODES)
    // Codes that only fill the last tile never win.
    data[at] = c < size ? -bias[c] : Number.NEGATIVE_INFINITY
    if (c < size) for (let d = 0; d < dim; d++) data[at + (1 + d) * CODES] = from[c * dim + d]
  }
  return { data, size, dim }
}

/**
 * `argmax_c x.c - bias_c` for each row, by 128-bit SIMD; the smaller code where two are equal.
 *
 * @param codes written: `[rows]`
 */
export function nearestWasm(x: Float32Array, rows: number, packed: PackedCodewords, codes: Int32Array): void {
  const { dim } = packed
  const { memory, run } = theKernel()
  const wide = up(dim, UNROLL)
  const rowTiles = Math.ceil(rows / ROWS)
  const xAt = packed.data.byteLength
  const outAt = xAt + rowTiles * ROWS * wide * 4
  const bytes = outAt + rowTiles * ROWS * 32
  if (bytes > memory.buffer.byteLength) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / 65536))
  new Float32Array(memory.buffer, 0, packed.data.length).set(packed.data)
  const block = new Float32Array(memory.buffer, xAt, rowTiles * ROWS * wide)
  if (wide !== dim) block.fill(0)
  for (let r = 0; r < rows; r++) {
    const at = Math.floor(r / ROWS) * wide * ROWS + (r % ROWS)
    for (let d = 0; d < dim; d++) block[at + d * ROWS] = x[r * dim + d]
  }
  run(xAt, rowTiles, wide / UNROLL, 0, packed.data.length / ((1 + wide) * CODES), outAt)
  const values = new Float32Array(memory.buffer, outAt, rowTiles * ROWS * 8)
  const found = new Int32Array(memory.buffer, outAt, rowTiles * ROWS * 8)
  for (let r = 0; r < rows; r++) {
    const at = r * 8
    let lane = 0
    for (let l = 1; l < 4; l++) {
      const more = values[at + l] - values[at + lane]
      if (more > 0 || (more === 0 && found[at + 4 + l] < found[at + 4 + lane])) lane = l
    }
    codes[r] = found[at + 4 + lane]
  }
}
