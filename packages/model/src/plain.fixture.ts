// The formulas in plain numbers, for references that are written out: a vector is a row, `x W` a row times a matrix.
import { random } from '@sparc/tables'
import type { Parameters } from './training/parameters.ts'

export type Row = number[]
export type Rows = number[][]

export const dot = (a: Row, b: Row) => a.reduce((sum, x, i) => sum + x * b[i], 0)
export const plus = (a: Row, b: Row): Row => a.map((x, i) => x + b[i])
export const minus = (a: Row, b: Row): Row => a.map((x, i) => x - b[i])
export const times = (x: Row, w: Rows): Row => w[0].map((_, j) => x.reduce((sum, v, i) => sum + v * w[i][j], 0))
export const unit = (x: Row): Row => {
  const length = Math.hypot(...x)
  return x.map((v) => (length === 0 ? 0 : v / length))
}
export const mean = (xs: Row) => xs.reduce((sum, x) => sum + x, 0) / xs.length
export const softmax = (xs: Row): Row => {
  const total = xs.reduce((sum, x) => sum + Math.exp(x), 0)
  return xs.map((x) => Math.exp(x) / total)
}
export const weighted = (weights: Row, rows: Rows, dim: number): Row =>
  Array.from({ length: dim }, (_, d) => rows.reduce((sum, row, t) => sum + weights[t] * row[d], 0))

/** Own rows of a table, as plain numbers. */
export const vectorsOf =
  ({ values, dim }: { values: Float32Array; dim: number }) =>
  (item: number): Row =>
    Array.from(values.subarray(dim * item, dim * item + dim))

/** Parameters by name, as plain numbers. */
export type Get = (name: string) => Rows
export const reader =
  (parameters: Parameters): Get =>
  (name) => {
    const found = parameters.list.find((one) => one.name === name)?.variable.arraySync() as Rows | Row
    return (Array.isArray(found[0]) ? found : [found]) as Rows
  }

/** Draws anew all that is not a codeword: nothing stays at zero, one or the identity. */
export function redraw(parameters: Parameters, seed: number, scale: number) {
  const draw = random(seed)
  for (const [name, value] of Object.entries(parameters.values())) {
    if (!name.startsWith('codewords/')) parameters.restore({ [name]: value.map(() => scale * draw.normal()) })
  }
}
