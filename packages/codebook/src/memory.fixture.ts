// Prints by how many MB encoding raises the most memory that this process ever had: `memory.fixture.ts residual`, a million vectors by
// `encodeResidual`; `memory.fixture.ts kernel`, a hundred blocks by the kernel that works without TensorFlow.
import type { Matrix } from '@sparc/tables'
import { encodeResidual, type Level, wasmBlocks } from './residual-codes.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { gaussian } from './vectors.fixture.ts'

const DIM = 64
const LEVELS: Level[] = [1, 2, 3].map((seed) => ({ vectors: gaussian(256, DIM, seed) }))

/** Rows made by shifting a small table: quick, and not alike. */
function many(rows: number): Matrix {
  const base = gaussian(1009, DIM, 9).data
  const data = new Float32Array(rows * DIM)
  for (let i = 0; i < data.length; i++) data[i] = base[i % base.length] + (i % 977) / 977
  return { data, rows, dim: DIM }
}

await pickBackend()
// For both: with them, what the process has is the most that it ever had.
const vectors = many(1_000_000)
const blocks = wasmBlocks(LEVELS)
const codes = new Uint16Array(blocks.rows * LEVELS.length)
const acts: Record<string, () => void> = {
  residual: () => encodeResidual(vectors, LEVELS),
  kernel: () => {
    for (let n = 0; n < 100; n++) {
      const block = vectors.data.slice(n * blocks.rows * DIM, (n + 1) * blocks.rows * DIM)
      blocks.encode(block, blocks.rows, codes, false)
    }
  },
}
const before = process.resourceUsage().maxRSS
acts[process.argv[2]]()
process.stdout.write(`${(process.resourceUsage().maxRSS - before) / 1024}\n`)
