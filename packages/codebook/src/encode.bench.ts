/**
 * Speed of encoding 3 x 256 codes at 64 dimensions, in one run beside PyTorch's cdist().argmin() loop where
 * SPARC_PYTHON names a Python with torch: `SPARC_PYTHON=python3 pnpm --filter @sparc/codebook bench`.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bench, describe } from 'vitest'
import { encodeResidual, type Level, wasmBlocks } from './residual-codes.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { gaussian } from './vectors.fixture.ts'

const ROWS = 100_000
const DIM = 64
const backend = await pickBackend()
const vectors = gaussian(ROWS, DIM)
const levels: Level[] = [1, 2, 3].map((seed) => ({ vectors: gaussian(256, DIM, seed) }))

/** Processor seconds of the fastest of three runs: a busy machine disturbs them less than the time on the clock. */
function processorSeconds(act: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage()
    act()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

function encodeByKernel(): void {
  const blocks = wasmBlocks(levels)
  const codes = new Uint16Array(blocks.rows * 3)
  for (let start = 0; start + blocks.rows <= ROWS; start += blocks.rows) {
    const block = vectors.data.slice(start * DIM, (start + blocks.rows) * DIM)
    blocks.encode(block, blocks.rows, codes, false)
  }
}

const ours = processorSeconds(() => encodeResidual(vectors, levels))
console.log(`${backend}: ${ours.toFixed(3)} processor seconds for ${ROWS} rows`)
console.log(`SIMD kernel: ${processorSeconds(encodeByKernel).toFixed(3)} processor seconds`)
const python = process.env.SPARC_PYTHON
if (python) {
  const script = fileURLToPath(new URL('../../../tools/peers/codebook_encode.py', import.meta.url))
  const peer = JSON.parse(execFileSync(python, [script, '--rows', String(ROWS)], { encoding: 'utf8' }))
  console.log(`${peer.peer}: ${peer.cpu_seconds} processor seconds, ${(peer.cpu_seconds / ours).toFixed(2)} times ours`)
}

describe(`encode ${ROWS} x ${DIM} in 3 x 256 codes`, () => {
  const short = { iterations: 3, time: 0, warmupIterations: 1, warmupTime: 0 }
  bench(`backend ${backend}`, () => void encodeResidual(vectors, levels), short)
  bench('SIMD kernel', encodeByKernel, short)
})
