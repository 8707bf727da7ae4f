import { KERNEL_BYTES } from './kernel-bytes.ts'
import { PAGE, wasmKernel } from './wasm.ts'

/** Sums of rows, `[count, dim]`, of which row 0 stands for nothing. */
export interface RowSums {
  /** Sets the first `count` sums to zero. */
  begin(count: number): void
  /** Adds row `r` of `given` `[rows.length, dim]` to sum `rows[r]`; row 0 is left out. */
  add(rows: Int32Array, given: Float32Array): void
  /** The sums so far; valid until `begin`. */
  sums(): Float32Array
}

/** The compiled function of `kernel/rows.ts`; addresses in bytes. */
interface Kernel {
  add(sums: number, rows: number, count: number, dim: number, given: number): void
}

/** Rows that go through the kernel at once. */
const CHUNK = 1024

/** Sums in plain arrays: what the fast ones are tested against. */
export function plainRowSums(dim: number): RowSums {
  let all = new Float32Array(0)
  let length = 0
  return {
    begin(count) {
      length = count * dim
      if (all.length < length) all = new Float32Array(Math.ceil(1.25 * length))
      all.fill(0, 0, length)
    },
    add(rows, given) {
      for (let r = 0, i = 0; r < rows.length; r++) {
        const start = rows[r] * dim
        if (start === 0) i += dim
        else for (let j = start; j < start + dim; j++, i++) all[j] += given[i]
      }
    },
    sums: () => all.subarray(0, length),
  }
}

const openKernel = wasmKernel<Kernel>(KERNEL_BYTES)

/** Sums that WebAssembly adds up, four numbers at a time; plain ones where there is none. */
export function createRowSums(dim: number): RowSums {
  const [block, start] = [CHUNK * 4, CHUNK * 4 * (dim + 1)]
  let opened: ReturnType<typeof openKernel>
  try {
    opened = openKernel({ initial: Math.ceil(start / PAGE) })
  } catch {
    return plainRowSums(dim)
  }
  const { memory, kernel } = opened
  const look = (at: number, length: number) => new Float32Array(memory.buffer, at, length)
  let ids = new Int32Array(memory.buffer, 0, CHUNK)
  let given = look(block, CHUNK * dim)
  let all = look(start, 0)
  return {
    begin(count) {
      const length = count * dim
      const missing = Math.ceil((start + length * 4 - memory.buffer.byteLength) / PAGE)
      if (missing > 0) {
        memory.grow(Math.ceil(1.25 * missing))
        // Memory that has grown is another one.
        ids = new Int32Array(memory.buffer, 0, CHUNK)
        given = look(block, CHUNK * dim)
      }
      all = look(start, length)
      all.fill(0)
    },
    add(rows, numbers) {
      for (let from = 0; from < rows.length; from += CHUNK) {
        const here = Math.min(CHUNK, rows.length - from)
        ids.set(rows.subarray(from, from + here))
        given.set(numbers.subarray(from * dim, (from + here) * dim))
        kernel.add(start, 0, here, dim, block)
      }
    },
    sums: () => all,
  }
}
