import { KERNEL_BYTES } from './kernel-bytes.ts'
import { type AdamStep, adamRows, createMoments, type Moments } from './training/adam.ts'
import { PAGE, wasmKernel } from './wasm.ts'

/** Rows of float32 with Adam's running means beside them: where a table keeps its numbers. */
export interface RowMemory {
  /** `[rows * dim]`, row major */
  readonly values: Float32Array
  /** Adam's running means; made when first asked for. */
  moments(): Moments
  /** Copies row `rows[r]` to row `r` of `out` `[count, dim]`; row -1 is all zeros. */
  gather(rows: Int32Array, count: number, out: Float32Array): void
  /** `adamRows` on these rows. */
  adam(rows: Int32Array, count: number, gradient: Float32Array, step: AdamStep): void
}

/** The compiled functions of `kernel/rows.ts`; addresses in bytes. */
interface Kernel {
  gather(table: number, rows: number, count: number, dim: number, out: number): void
  adam(
    values: number,
    first: number,
    second: number,
    rows: number,
    count: number,
    dim: number,
    gradient: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    rate: number,
    unbias: number,
    scale: number,
  ): number
}

const MAX_BYTES = 65536 * PAGE
/** Rows that go through the kernel at once: their copies stay in the processor's cache. */
const CHUNK = 1024

/** Memory of plain arrays: any size, and what the fast one is tested against. */
export function plainRowMemory(rows: number, dim: number): RowMemory {
  const values = new Float32Array(rows * dim)
  let made: Moments | undefined
  const moments = () => {
    made ??= createMoments(values.length)
    return made
  }
  return {
    values,
    moments,
    gather(wanted, count, out) {
      for (let r = 0; r < count; r++) {
        const from = wanted[r] * dim
        if (from < 0) out.fill(0, r * dim, (r + 1) * dim)
        else out.set(values.subarray(from, from + dim), r * dim)
      }
    },
    adam: (wanted, count, gradient, step) => adamRows(values, moments(), wanted, count, dim, gradient, step),
  }
}

const openKernel = wasmKernel<Kernel>(KERNEL_BYTES)

/**
 * Memory that WebAssembly works on, four numbers at a time: several times as fast. Values and running means take 4 GiB
 * together at most; beyond that it is plain. What is never touched takes no room.
 */
export function createRowMemory(rows: number, dim: number): RowMemory {
  const table = rows * dim * 4
  const scratch = CHUNK * (dim + 1) * 4
  const bytes = Math.ceil((3 * table + scratch) / PAGE) * PAGE
  const buffer = bytes <= MAX_BYTES ? reserve(bytes) : undefined
  if (!buffer) return plainRowMemory(rows, dim)
  const { memory, kernel } = buffer
  const [first, second, ids, block] = [table, 2 * table, 3 * table, 3 * table + CHUNK * 4]
  const numbers = (at: number, length: number) => new Float32Array(memory.buffer, at, length)
  const values = numbers(0, rows * dim)
  const moments = { first: numbers(first, rows * dim), second: numbers(second, rows * dim) }
  const idsView = new Int32Array(memory.buffer, ids, CHUNK)
  const blockView = numbers(block, CHUNK * dim)
  const chunks = (wanted: Int32Array, count: number, work: (from: number, count: number) => void) => {
    for (let from = 0; from < count; from += CHUNK) {
      const here = Math.min(CHUNK, count - from)
      idsView.set(wanted.subarray(from, from + here))
      work(from, here)
    }
  }
  return {
    values,
    moments: () => moments,
    gather(wanted, count, out) {
      chunks(wanted, count, (from, here) => {
        kernel.gather(0, ids, here, dim, block)
        out.set(here === CHUNK ? blockView : blockView.subarray(0, here * dim), from * dim)
      })
    },
    adam(wanted, count, gradient, { beta1, beta2, epsilon, rate, unbias, scale }) {
      chunks(wanted, count, (from, here) => {
        blockView.set(gradient.subarray(from * dim, (from + here) * dim))
        kernel.adam(0, first, second, ids, here, dim, block, beta1, beta2, epsilon, rate, unbias, scale)
      })
    },
  }
}

/** Memory of a fixed size; undefined where the machine has none so long, or no WebAssembly. */
function reserve(bytes: number) {
  const pages = bytes / PAGE
  try {
    return openKernel({ initial: pages, maximum: pages })
  } catch {
    return undefined
  }
}
