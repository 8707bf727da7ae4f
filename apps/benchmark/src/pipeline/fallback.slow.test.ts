import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { runTiny } from './tiny.fixture.ts'

vi.stubEnv('SPARC_BACKEND', 'wasm')
vi.mock('faiss-node', () => {
  throw new Error('not here')
})

it('does everything without native TensorFlow and without FAISS, and says each in one line', async () => {
  const said: string[] = []
  const coded = { system: 'sparc', options: { codebook: { size: 8 }, warmUpSteps: 4 } }
  const over = {
    systems: ['two-tower', coded, { ...coded, name: 'again' }],
    fit: { steps: 8, options: { dim: 8, batch: 32 } },
  }
  const { run, rows } = await runTiny(join(temporary(), 'run'), over, undefined, (line) => said.push(line))
  expect(rows.map(({ name }) => name)).toEqual(['two-tower', 'sparc', 'sparc-shards', 'again', 'again-shards'])
  expect([run.backend, run.engine]).toEqual(['wasm', 'exact'])
  expect(said.filter((line) => line.includes('TensorFlow runs on wasm'))).toHaveLength(1)
  expect(said.filter((line) => line.includes('whole shards are left out'))).toHaveLength(1)
}, 120_000)
