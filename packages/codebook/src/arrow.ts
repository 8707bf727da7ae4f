import { type Matrix, makeCodesColumn, makeVectorColumn, readCodesColumn, readVectorColumn } from '@sparc/tables'
import { Vector } from 'apache-arrow'
import type { EncodeOptions } from './quantizer.ts'
import type { Codes, Vectors } from './vectors.ts'

/** `encode` and `decode` of typed arrays, made to take and give Arrow columns as well. */
export function withColumns(
  encodeRows: (vectors: Vectors, options?: EncodeOptions) => Codes,
  decodeRows: (codes: Codes) => Matrix,
) {
  function encode(vectors: Vectors, options?: EncodeOptions): Codes
  function encode(vectors: Vector, options?: EncodeOptions): Vector
  function encode(vectors: Vectors | Vector, options?: EncodeOptions): Codes | Vector {
    if (!(vectors instanceof Vector)) return encodeRows(vectors, options)
    return makeCodesColumn(encodeRows(readVectorColumn(vectors, 'the column given to encode'), options))
  }
  function decode(codes: Codes): Matrix
  function decode(codes: Vector): Vector
  function decode(codes: Codes | Vector): Matrix | Vector {
    if (!(codes instanceof Vector)) return decodeRows(codes)
    return makeVectorColumn(decodeRows(readCodesColumn(codes, 'the column given to decode')))
  }
  return { encode, decode }
}
