import { type Matrix, makeCodesColumn, makeVectorColumn, readCodesColumn, readVectorColumn } from '@sparc/tables'
import type { Vector } from 'apache-arrow'
import type { EncodeOptions } from './quantizer.ts'
import type { Codes, Vectors } from './vectors.ts'

/** Whether something is an Arrow column, of whichever copy of Arrow. */
function isColumn(value: object): value is Vector {
  return 'type' in value && 'getChildAt' in value
}

/** `encode` and `decode` of typed arrays, made to take and give Arrow columns as well. */
export function withColumns(
  encodeRows: (vectors: Vectors, options?: EncodeOptions) => Codes,
  decodeRows: (codes: Codes) => Matrix,
) {
  function encode(vectors: Vectors, options?: EncodeOptions): Codes
  function encode(vectors: Vector, options?: EncodeOptions): Vector
  function encode(vectors: Vectors | Vector, options?: EncodeOptions): Codes | Vector {
    if (!isColumn(vectors)) return encodeRows(vectors, options)
    return makeCodesColumn(encodeRows(readVectorColumn(vectors, 'the column given to encode'), options))
  }
  function decode(codes: Codes): Matrix
  function decode(codes: Vector): Vector
  function decode(codes: Codes | Vector): Matrix | Vector {
    if (!isColumn(codes)) return decodeRows(codes)
    return makeVectorColumn(decodeRows(readCodesColumn(codes, 'the column given to decode')))
  }
  return { encode, decode }
}
