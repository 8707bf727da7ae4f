import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { KERNEL_SOURCE } from './kernel-bytes.ts'
import { createProducts } from './products.ts'
import { largest } from './vectors.ts'

describe('products', () => {
  it('are compiled from the source that lies beside them', () => {
    const source = readFileSync(join(import.meta.dirname, '../../kernel/products.ts'))
    expect(createHash('sha256').update(source).digest('hex')).toBe(KERNEL_SOURCE)
  })

  it.each([
    [1, 3, 5],
    [2, 4, 4],
    [5, 7, 1],
    [3, 16, 9],
    [4, 1, 6],
    [20, 64, 128],
    [1, 40, 16],
  ])('multiply %i rows of %i numbers to %i as three loops do', (rows, inputs, outputs) => {
    const draw = random(rows * 100 + inputs)
    const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal())
    const [x, w, b] = [Float64Array.from(numbers(rows * inputs)), numbers(inputs * outputs), numbers(outputs)]
    const products = createProducts()
    const layer = products({ inputs, outputs, rows, weights: w, bias: b })
    // The memory grows under the layer.
    products({ inputs: 200, outputs: 200 })
    const found = layer(x, rows, new Float64Array(rows * outputs))
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = b[o]
        for (let i = 0; i < inputs; i++) sum += x[r * inputs + i] * w[i * outputs + o]
        expect(found[r * outputs + o]).toBeCloseTo(sum, 4)
      }
    }
  })

  it('take other weights', () => {
    const layer = createProducts()({ inputs: 2, outputs: 1, weights: [1, 1], bias: [5] })
    layer.set([3, 4])
    expect(layer(Float32Array.of(1, 10), 1, new Float64Array(1))).toEqual(Float64Array.of(43))
  })

  it('leave the choice of the largest numbers: of equal ones the first', () => {
    const x = Float64Array.of(2, 5, 1, 5, 3, 9)
    expect(largest(x, 5, 3)).toEqual([1, 3, 4])
    expect(largest(x, 6, 1)).toEqual([5])
    expect(largest(x, 2, 4)).toEqual([1, 0])
  })
})
