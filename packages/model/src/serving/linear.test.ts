import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { linear } from './linear.ts'
import { largest } from './vectors.ts'

describe('plain layers', () => {
  it.each([
    [1, 3, 5],
    [2, 4, 4],
    [5, 7, 1],
    [3, 16, 9],
    [4, 1, 6],
  ])('multiply %i rows of %i numbers to %i as three loops do', (rows, inputs, outputs) => {
    const draw = random(rows * 100 + inputs)
    const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal())
    const [x, w, b] = [Float64Array.from(numbers(rows * inputs)), numbers(inputs * outputs), numbers(outputs)]
    const found = linear(w, outputs, b)(x, rows, new Float64Array(rows * outputs))
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < outputs; o++) {
        let sum = b[o]
        for (let i = 0; i < inputs; i++) sum += x[r * inputs + i] * w[i * outputs + o]
        expect(found[r * outputs + o]).toBeCloseTo(sum, 12)
      }
    }
  })

  it('find the largest numbers, of equal ones the first', () => {
    const x = Float64Array.of(2, 5, 1, 5, 3, 9)
    expect(largest(x, 5, 3)).toEqual([1, 3, 4])
    expect(largest(x, 6, 1)).toEqual([5])
    expect(largest(x, 2, 4)).toEqual([1, 0])
  })
})
