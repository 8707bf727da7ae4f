import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('memory.fixture.ts', import.meta.url))
const flags = ['--conditions=@sparc/source', '--import', import.meta.resolve('tsx'), program]

/**
 * By how many MB an act of `memory.fixture.ts` raises the most memory of a process of its own: the least of three, as a busy machine collects
 * garbage late; what is needed is needed each time.
 */
function raised(act: string, enough: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < 3 && least >= enough; n++) {
    least = Math.min(least, Number(execFileSync(process.execPath, [...flags, act], { encoding: 'utf8' })))
  }
  return least
}

test('a million vectors are encoded in at most 200 MB besides input and output', () => {
  const outputs = (1_000_000 * 3 * 2) / 2 ** 20
  expect(raised('residual', 200 + outputs)).toBeLessThan(200 + outputs)
}, 60_000)

test('the kernel that works without TensorFlow needs no more for more vectors', () => {
  expect(raised('kernel', 60)).toBeLessThan(60)
}, 60_000)
