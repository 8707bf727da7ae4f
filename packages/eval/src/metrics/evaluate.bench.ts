import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bench } from 'vitest'

const script = fileURLToPath(new URL('./million.fixture.ts', import.meta.url))

/** In a process of its own: what it prints says seconds without the making of the lists, and the peak of its memory. */
function run(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=@sparc/source', '--import', 'tsx', script, ...args],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  console.log(stdout.trim())
}

const once = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 }
bench('44 metrics, 1,000,000 users x top 100, one table', () => run('1000000'), once)
bench('the same as 20 tables', () => run('1000000', '50000'), once)
bench('the same without values for each case', () => run('1000000', '50000', 'means-only'), once)
