import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '@sparc/tables'
import { describe, expect, it } from 'vitest'
import { KERNEL_SOURCE } from './kernel-bytes.ts'
import { createRowMemory, plainRowMemory } from './row-memory.ts'
import { adamStep } from './training/adam.ts'

describe('row memory', () => {
  it('is compiled from the source that lies beside it', () => {
    const source = readFileSync(join(import.meta.dirname, '../kernel/rows.ts'))
    expect(createHash('sha256').update(source).digest('hex')).toBe(KERNEL_SOURCE)
  })

  // Dimensions with and without a rest of four; more rows than go through the kernel at once.
  for (const dim of [1, 3, 4, 6, 64]) {
    it(`gathers and updates rows of ${dim} as the plain one does`, () => {
      const draw = random(dim)
      const [rows, count] = [1500, 2500]
      const fast = createRowMemory(rows, dim)
      const plain = plainRowMemory(rows, dim)
      for (let i = 0; i < fast.values.length; i++) fast.values[i] = plain.values[i] = draw.normal()
      const out = [new Float32Array(count * dim).fill(9), new Float32Array(count * dim).fill(9)]
      const wanted = Int32Array.from({ length: count }, () => draw.int(rows + 1) - 1)
      fast.gather(wanted, count, out[0])
      plain.gather(wanted, count, out[1])
      expect(out[0]).toEqual(out[1])

      const distinct = draw.shuffle(Int32Array.from({ length: rows }, (_, i) => i - 1)).subarray(0, 1200)
      for (let step = 1; step <= 3; step++) {
        const gradient = Float32Array.from({ length: distinct.length * dim }, () => draw.normal())
        const adam = adamStep(step, 0.01, 0.5)
        fast.adam(distinct, distinct.length, gradient, adam)
        plain.adam(distinct, distinct.length, gradient, adam)
      }
      const worst = (a: Float32Array, b: Float32Array) =>
        a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0)
      expect(worst(fast.values, plain.values)).toBeLessThan(1e-6)
      expect(worst(fast.moments().first, plain.moments().first)).toBeLessThan(1e-6)
      expect(worst(fast.moments().second, plain.moments().second)).toBeLessThan(1e-6)
      expect(plain.moments().second.some((x) => x > 0)).toBe(true)
    })
  }

  it('is plain where WebAssembly can not hold it', () => {
    // 3 * 2^30 bytes of values and means would be 4 GiB and more; nothing of it is touched.
    const memory = createRowMemory(2 ** 20, 342)
    const out = new Float32Array(342).fill(1)
    memory.gather(Int32Array.of(2 ** 20 - 1), 1, out)
    expect(out.every((x) => x === 0)).toBe(true)
  })
})
