import { InvalidFileError, InvalidInputError } from './errors.ts'
import { guards } from './guards.ts'

/** Element types, by their names in the file format. */
const TYPES = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U16: Uint16Array,
  U8: Uint8Array,
  U32: Uint32Array,
}

export type SafetensorsType = keyof typeof TYPES

/** A named array in a safetensors file. */
export interface SafeTensor {
  dtype: SafetensorsType
  shape: number[]
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint16Array | Uint8Array | Uint32Array
}

const MAX_HEADER = 100_000_000

/** A Float32 tensor. @example f32([2, 3], new Float32Array(6)) */
export function f32(shape: number[], data: Float32Array): SafeTensor {
  return { dtype: 'F32', shape, data }
}

/** An Int32 tensor. */
export function i32(shape: number[], data: Int32Array): SafeTensor {
  return { dtype: 'I32', shape, data }
}

/**
 * Encodes named arrays in the safetensors format (https://huggingface.co/docs/safetensors): a little-endian u64 with
 * the header's length, a JSON header, the raw data. Names are sorted, so equal tensors give equal bytes; each array
 * begins at a multiple of 8.
 */
export function encodeSafetensors(
  tensors: Record<string, SafeTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  const parts: Uint8Array[] = []
  let at = 0
  // Wider elements first, then by name: every array is aligned to its own width without gaps, as the format demands.
  const names = Object.keys(tensors).sort(
    (a, b) => tensors[b].data.BYTES_PER_ELEMENT - tensors[a].data.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  )
  for (const name of names) {
    const { dtype, shape, data } = tensors[name]
    const elements = shape.reduce((product, size) => product * size, 1)
    if (elements !== data.length || !(data instanceof TYPES[dtype])) {
      throw new InvalidInputError('TENSOR_SHAPE', {
        what: `Tensor "${name}" does not fit its shape or type`,
        given: `${data.constructor.name} of ${data.length} as ${dtype} [${shape}]`,
        allowed: `${TYPES[dtype].name} of ${elements}`,
        next: 'Correct the shape or the array.',
      })
    }
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] }
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    at += data.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const padded = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + padded + at).fill(0x20, 8, 8 + padded)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(text, 8)
  let offset = 8 + padded
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

function damaged(what: string, given: unknown): InvalidFileError {
  return new InvalidFileError('NOT_SAFETENSORS', {
    what: `Not a whole safetensors file: ${what}`,
    given,
    allowed: 'a file in the safetensors format',
    next: 'It may be truncated or another format; save it again.',
  })
}

const isCounts = guards.arrayOf(guards.count)

/** Decodes a safetensors file; every array is a copy. @throws InvalidFileError `NOT_SAFETENSORS` */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Record<string, SafeTensor>
  metadata: Record<string, string>
} {
  if (bytes.length < 8) throw damaged('it ends before its header', `${bytes.length} bytes`)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  if (length > MAX_HEADER || 8 + length > bytes.length) throw damaged('its header is longer than the file', length)
  let header: unknown
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 8, length).toString('utf8'))
  } catch {
    throw damaged('its header is not JSON', `${length} bytes`)
  }
  if (!guards.record(header)) throw damaged('its header is not an object', typeof header)
  const tensors: Record<string, SafeTensor> = {}
  let metadata: Record<string, string> = {}
  let covered = 0
  for (const [name, entry] of Object.entries(header)) {
    if (!guards.record(entry)) throw damaged(`entry "${name}" is not an object`, typeof entry)
    if (name === '__metadata__') {
      metadata = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, String(value)]))
      continue
    }
    tensors[name] = decodeEntry(name, entry, bytes, 8 + length)
    covered += tensors[name].data.byteLength
  }
  if (8 + length + covered !== bytes.length) {
    throw damaged(
      'its size differs from what its header says',
      `${bytes.length} bytes, ${8 + length + covered} expected`,
    )
  }
  return { tensors, metadata }
}

function decodeEntry(name: string, entry: Record<string, unknown>, bytes: Uint8Array, base: number): SafeTensor {
  const { dtype, shape, data_offsets: offsets } = entry
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype)) throw damaged(`type of "${name}" is unknown`, dtype)
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
    throw damaged(`entry "${name}" is malformed`, entry)
  const type = dtype as SafetensorsType
  const elements = shape.reduce((product, size) => product * size, 1)
  const [start, end] = offsets
  if (end - start !== elements * TYPES[type].BYTES_PER_ELEMENT || base + end > bytes.length) {
    throw damaged(`data of "${name}" does not fit its shape or the file`, entry)
  }
  // Copied, so that it is aligned and does not keep the file's memory alive.
  const data = new TYPES[type](new Uint8Array(bytes.subarray(base + start, base + end)).buffer)
  return { dtype: type, shape, data }
}
