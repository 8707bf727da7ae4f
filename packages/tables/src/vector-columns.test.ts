import { expect, test } from 'vitest'
import { InvalidInputError } from './errors.ts'
import { makeCodesColumn, makeVectorColumn, readCodesColumn, readVectorColumn } from './vector-columns.ts'

test('a matrix becomes a column and comes back, a slice and two chunks included', () => {
  const matrix = { data: Float32Array.of(1, 2, 3, 4, 5, 6), rows: 3, dim: 2 }
  const column = makeVectorColumn(matrix)
  expect(readVectorColumn(column)).toEqual(matrix)
  expect(readVectorColumn(column.slice(1, 3))).toEqual({ data: Float32Array.of(3, 4, 5, 6), rows: 2, dim: 2 })
  expect(readVectorColumn(column.slice(2, 3).concat(column.slice(0, 1))).data).toEqual(Float32Array.of(5, 6, 1, 2))
})

test('codes become a column and come back', () => {
  const codes = { levels: 3, data: Uint16Array.of(1, 2, 3, 65535, 0, 4) }
  expect(readCodesColumn(makeCodesColumn(codes))).toEqual(codes)
  expect(readCodesColumn(makeCodesColumn(codes).slice(1)).data).toEqual(Uint16Array.of(65535, 0, 4))
})

test('a column of another type and a value that is not finite are refused', () => {
  const codes = makeCodesColumn({ levels: 1, data: Uint16Array.of(1) })
  expect(() => readVectorColumn(codes.getChildAt(0) ?? codes)).toThrow(InvalidInputError)
  const broken = makeVectorColumn({ data: Float32Array.of(1, Number.NaN), rows: 1, dim: 2 })
  expect(() => readVectorColumn(broken)).toThrow(/not finite/i)
})
