import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvalidFileError } from './errors.ts'
import { decodeSafetensors, encodeSafetensors, f32, i32, type SafeTensor } from './safetensors.ts'

const tensors: Record<string, SafeTensor> = {
  'user.weight': f32([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
  codes: { dtype: 'U16', shape: [3], data: Uint16Array.of(7, 8, 9) },
  state: { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) },
  empty: i32([0, 4], new Int32Array(0)),
}

test('what was encoded is decoded, metadata too', () => {
  const { tensors: back, metadata } = decodeSafetensors(encodeSafetensors(tensors, { system: 'sparc' }))
  expect(back).toEqual(tensors)
  expect(metadata).toEqual({ system: 'sparc' })
})

test('any arrays survive the round trip', () => {
  const tensor = fc.oneof(
    fc.float32Array().map((data) => f32([data.length], data)),
    fc.uint8Array().map((data): SafeTensor => ({ dtype: 'U8', shape: [1, data.length], data })),
    fc.bigInt64Array().map((data): SafeTensor => ({ dtype: 'I64', shape: [data.length], data })),
  )
  const names = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__' && name !== '__metadata__')
  fc.assert(
    fc.property(fc.dictionary(names, tensor, { noNullPrototype: true }), (some) => {
      expect(decodeSafetensors(encodeSafetensors(some)).tensors).toEqual(some)
    }),
  )
})

test('equal tensors give equal bytes whatever the order of their names', () => {
  const reversed = Object.fromEntries(Object.entries(tensors).reverse())
  expect(encodeSafetensors(reversed)).toEqual(encodeSafetensors(tensors))
})

test('a file cut anywhere, or with bytes to spare, is refused', () => {
  const bytes = encodeSafetensors(tensors)
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(InvalidFileError)
  }
  expect(() => decodeSafetensors(Uint8Array.of(...bytes, 0))).toThrow(InvalidFileError)
})

test('a header that lies is refused', () => {
  const header = (entry: unknown) => {
    const text = Buffer.from(JSON.stringify({ a: entry }))
    const length = new Uint8Array(8)
    new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true)
    return Buffer.concat([length, text, new Uint8Array(8)])
  }
  for (const entry of [
    { dtype: 'F32', shape: [2], data_offsets: [0, 4] },
    { dtype: 'F32', shape: [4], data_offsets: [0, 16] },
    { dtype: 'toString', shape: [2], data_offsets: [0, 8] },
    { dtype: 'F32', shape: [-2], data_offsets: [0, 8] },
    { dtype: 'F32', shape: [2], data_offsets: [8, 0] },
    'no object',
  ]) {
    expect(() => decodeSafetensors(header(entry))).toThrow(InvalidFileError)
  }
  expect(decodeSafetensors(header({ dtype: 'F32', shape: [2], data_offsets: [0, 8] })).tensors.a.data.length).toBe(2)
})

test('a shape that does not fit its array is refused', () => {
  expect(() => encodeSafetensors({ a: f32([2, 2], new Float32Array(3)) })).toThrow('Tensor "a" does not fit')
})
