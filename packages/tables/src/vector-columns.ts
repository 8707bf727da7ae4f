import { Vector } from 'apache-arrow'
import { checkFinite } from './checks.ts'
import { fixedLists, float32s, uint16s } from './columns.ts'
import { fixedListData, float32Data, uint16Data } from './make-columns.ts'
import type { Matrix } from './views.ts'

/**
 * A column of vectors, `FixedSizeList<Float32>[dim]`, as a matrix (a view of the column's memory where it is one chunk).
 *
 * @throws InvalidInputError `COLUMN_TYPE`, `NULL_VALUE`, `NOT_FINITE`
 */
export function readVectorColumn(vector: Vector, where = 'the column of vectors'): Matrix {
  const { width, values } = fixedLists({ where, vector })
  const data = float32s(values)
  checkFinite(data, width, where)
  return { data, rows: vector.length, dim: width }
}

/** A matrix as a column of vectors, without copying. */
export function makeVectorColumn(matrix: Matrix): Vector {
  return new Vector([fixedListData(matrix.dim, float32Data(matrix.data))])
}

/**
 * A column of codes, `FixedSizeList<Uint16>[levels]`, row major.
 *
 * @throws InvalidInputError `COLUMN_TYPE`, `NULL_VALUE`, `INTEGER_RANGE`
 */
export function readCodesColumn(vector: Vector, where = 'the column of codes'): { levels: number; data: Uint16Array } {
  const { width, values } = fixedLists({ where, vector })
  return { levels: width, data: uint16s(values) }
}

/** Codes as a column, without copying. */
export function makeCodesColumn(codes: { levels: number; data: Uint16Array }): Vector {
  return new Vector([fixedListData(codes.levels, uint16Data(codes.data))])
}
