import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporary } from './temporary.fixture.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

/** Runs the command line in a process of its own; `until` sees all output so far and may send a signal, or stop reading. */
function benchmark(args: string[], until?: (output: string, kill: () => void, leave: () => void) => void) {
  const child = spawn(process.execPath, ['--conditions=@sparc/source', '--import', 'tsx', main, ...args], {
    env: { ...process.env, SPARC_DATA: undefined },
  })
  let [output, errors] = ['', '']
  let killed = 0
  child.stdout.on('data', (text) => {
    output += text
    const kill = () => {
      if (killed > 0) return
      killed = performance.now()
      child.kill('SIGINT')
    }
    until?.(output, kill, () => child.stdout.destroy())
  })
  child.stderr.on('data', (text) => {
    errors += text
  })
  return new Promise<{ code: number | null; output: string; errors: string; seconds: number }>((resolve) => {
    child.on('close', (code) => resolve({ code, output, errors, seconds: (performance.now() - killed) / 1000 }))
  })
}

/** A run that is still training when something happens to it. */
function endless(out: string, run: string): string[] {
  const models = ['--models', 'popularity,two-tower', '--steps', '1000000']
  return ['--dataset', 'synthetic', '--smoke', ...models, '--out', out, '--run', run]
}

describe('the process', () => {
  it('says what there is to give it', async () => {
    const { code, output } = await benchmark(['--help'])
    expect(code).toBe(0)
    for (const word of ['--dataset', '--models', '--seed', '--smoke', 'compare', 'ledger'])
      expect(output).toContain(word)
  })

  it('goes on to its end where its reader goes away, as `head` does', async () => {
    const out = temporary()
    const args = ['--dataset', 'synthetic', '--smoke', '--models', 'popularity,item-knn', '--out', out, '--run', 'read']
    const { code, errors } = await benchmark(args, (_output, _kill, leave) => leave())
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(JSON.parse(readFileSync(join(out, 'read', 'run.json'), 'utf8')).finished).toBeTypeOf('string')
  })

  it('stops within two seconds on Ctrl-C in the middle of training, and says what is kept', async () => {
    const out = temporary()
    const stopped = await benchmark(endless(out, 'stopped'), (output, kill) => {
      if (/popularity: .*R@50/.test(output)) setTimeout(kill, 1500)
    })
    expect(stopped.code).toBe(130)
    expect(stopped.errors).toMatch(/kept in .*stopped; the same command goes on from there/)
    expect(existsSync(join(out, 'stopped', 'popularity', 'result.json'))).toBe(true)
    expect(existsSync(join(out, 'stopped', 'two-tower', 'result.json'))).toBe(false)
  })

  it('says so where the process that computes is killed from outside, as for want of memory', async () => {
    const out = temporary()
    const killed = await benchmark(endless(out, 'killed'), (output) => {
      const lock = join(out, 'killed', 'lock.json')
      if (/popularity: .*R@50/.test(output)) process.kill(JSON.parse(readFileSync(lock, 'utf8')).pid, 'SIGKILL')
    })
    expect(killed.code).toBe(1)
    expect(killed.errors).toMatch(/ended by SIGKILL.*memory.*kept in .*killed; the same command goes on from there/)
  })
})
