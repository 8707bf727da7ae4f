import { readFileSync } from 'node:fs'
import { decodeSafetensors, type Matrix, random } from '@sparc/tables'

/** Vectors around `groups` random centres. */
export function blobs(rows: number, dim: number, groups: number, seed = 7): Matrix {
  const source = random(seed)
  const centres = Float32Array.from({ length: groups * dim }, () => source.normal())
  const data = new Float32Array(rows * dim)
  for (let r = 0; r < rows; r++) {
    const group = source.int(groups)
    for (let d = 0; d < dim; d++) data[r * dim + d] = centres[group * dim + d] + 0.3 * source.normal()
  }
  return { data, rows, dim }
}

/** Independent normal numbers. */
export function gaussian(rows: number, dim: number, seed = 3): Matrix {
  const source = random(seed)
  return { data: Float32Array.from({ length: rows * dim }, () => source.normal()), rows, dim }
}

/** The value of the bits of a float16 (IEEE 754). */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Real item vectors, 4,000 x 32: the most popular items of Amazon Beauty, by tools/peers/item_vectors.py --half. */
export function beautyItems(): Matrix {
  const file = readFileSync(new URL('../fixtures/beauty-4000x32.safetensors', import.meta.url))
  const { shape, data } = decodeSafetensors(file).tensors.vectors
  const values = new Float32Array(data.length)
  for (let i = 0; i < data.length; i++) values[i] = half(Number(data[i]))
  return { data: values, rows: shape[0], dim: shape[1] }
}
