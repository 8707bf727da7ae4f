/**
 * As much of a WebAssembly assembler as one kernel needs: instructions are arrays of bytes, to be joined
 * (WebAssembly core specification 2.0, section 5, binary format).
 */
export type Bytes = number[]

/** Unsigned LEB128. */
export function leb(value: number): Bytes {
  const bytes: Bytes = []
  let rest = value >>> 0
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>>= 7
  } while (rest > 0)
  return bytes
}

/** Signed LEB128 of a 32-bit integer. */
function sleb(value: number): Bytes {
  const bytes: Bytes = []
  let rest = value | 0
  for (;;) {
    const byte = rest & 0x7f
    rest >>= 7
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)
    bytes.push(done ? byte : byte | 0x80)
    if (done) return bytes
  }
}

export const I32 = 0x7f
export const V128 = 0x7b

const simd = (opcode: number): Bytes => [0xfd, ...leb(opcode)]
/** Alignment is a hint: 2^2 bytes is true of every address here. */
const memory = (offset: number): Bytes => [2, ...leb(offset)]

export const get = (local: number): Bytes => [0x20, ...leb(local)]
export const set = (local: number): Bytes => [0x21, ...leb(local)]
export const i32 = (value: number): Bytes => [0x41, ...sleb(value)]
export const addI32: Bytes = [0x6a]
export const subI32: Bytes = [0x6b]
/** `local += bytes` */
export const advance = (local: number, bytes: number): Bytes => [...get(local), ...i32(bytes), ...addI32, ...set(local)]
/** Runs `body` `count` times, `count` at least 1; `counter` is a local to count down in. */
export const times = (counter: number, count: Bytes, body: Bytes): Bytes => [
  ...[...count, ...set(counter)],
  ...[0x03, 0x40, ...body],
  ...[...get(counter), ...i32(1), ...subI32, 0x22, ...leb(counter)],
  ...[0x0d, 0, 0x0b],
]

export const load = (address: Bytes, offset = 0): Bytes => [...address, ...simd(0), ...memory(offset)]
/** One float of memory in all four lanes. */
export const loadSplat = (address: Bytes, offset = 0): Bytes => [...address, ...simd(9), ...memory(offset)]
export const store = (address: Bytes, value: Bytes, offset = 0): Bytes => [
  ...address,
  ...value,
  ...simd(11),
  ...memory(offset),
]
export const constI32x4 = (...lanes: number[]): Bytes => [
  ...simd(12),
  ...lanes.flatMap((lane) => [lane & 255, (lane >> 8) & 255, (lane >> 16) & 255, (lane >> 24) & 255]),
]
export const addF32x4 = (a: Bytes, b: Bytes): Bytes => [...a, ...b, ...simd(228)]
export const mulF32x4 = (a: Bytes, b: Bytes): Bytes => [...a, ...b, ...simd(230)]
export const greaterF32x4 = (a: Bytes, b: Bytes): Bytes => [...a, ...b, ...simd(68)]
export const addI32x4 = (a: Bytes, b: Bytes): Bytes => [...a, ...b, ...simd(174)]
/** `mask ? a : b`, bit by bit. */
export const select = (a: Bytes, b: Bytes, mask: Bytes): Bytes => [...a, ...b, ...mask, ...simd(82)]

const section = (id: number, content: Bytes): Bytes => [id, ...leb(content.length), ...content]
const vector = (items: Bytes[]): Bytes => [...leb(items.length), ...items.flat()]
const name = (text: string): Bytes => [...leb(text.length), ...Array.from(text, (letter) => letter.charCodeAt(0))]

/** A module that imports its memory as `m.m` and exports one function `f` of `parameters` i32, without a result. */
export function moduleOf(parameters: number, locals: { type: number; count: number }[], body: Bytes): Uint8Array {
  const type = [0x60, ...vector(Array.from({ length: parameters }, () => [I32])), 0]
  const code = [...vector(locals.map(({ type, count }) => [...leb(count), type])), ...body, 0x0b]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([type])),
    ...section(2, vector([[...name('m'), ...name('m'), 2, 0, 1]])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...name('f'), 0, 0]])),
    ...section(10, vector([[...leb(code.length), ...code]])),
  ])
}
