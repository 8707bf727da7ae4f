import type { Matrix } from '@sparc/tables'
import { beforeAll, expect, test } from 'vitest'
import { encodeResidual, type Level, wasmBlocks } from './residual-codes.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { gaussian } from './vectors.fixture.ts'

beforeAll(async () => {
  await pickBackend()
})

const DIM = 64
const LEVELS: Level[] = [1, 2, 3].map((seed) => ({ vectors: gaussian(256, DIM, seed) }))

/** Rows made by shifting a small table: quick, and not alike. */
function many(rows: number): Matrix {
  const base = gaussian(1009, DIM, 9).data
  const data = new Float32Array(rows * DIM)
  for (let i = 0; i < data.length; i++) data[i] = base[i % base.length] + (i % 977) / 977
  return { data, rows, dim: DIM }
}

/** By how much `act` raised the most memory that the process ever had, in MB. */
function raised(act: () => void): number {
  const before = process.resourceUsage().maxRSS
  act()
  return (process.resourceUsage().maxRSS - before) / 1024
}

test('a million vectors are encoded in at most 200 MB besides input and output', () => {
  const vectors = many(1_000_000)
  const outputs = (vectors.rows * 3 * 2) / 2 ** 20
  expect(raised(() => encodeResidual(vectors, LEVELS))).toBeLessThan(200 + outputs)
})

test('the kernel that works without TensorFlow needs no more for more vectors', () => {
  const blocks = wasmBlocks(LEVELS)
  const block = many(blocks.rows).data
  const codes = new Uint16Array(blocks.rows * 3)
  const encode = () => blocks.encode(block.slice(), blocks.rows, codes, false)
  encode()
  expect(
    raised(() => {
      for (let i = 0; i < 20; i++) encode()
    }),
  ).toBeLessThan(60)
})
