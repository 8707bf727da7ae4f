import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { learned } from './systems.fixture.ts'
import { threadsOf } from './tensorflow.ts'
import { segmentSum } from './wasm-kernels.ts'

/** Runs the fixture on a backend, in a process of its own. */
function run(backend: string): Promise<{ code: number | null; out: string; err: string }> {
  return start([fileURLToPath(new URL('fallback.fixture.ts', import.meta.url))], { SPARC_BACKEND: backend })
}

async function start(
  script: string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number | null; out: string; err: string }> {
  const args = ['--conditions=@sparc/source', '--import', import.meta.resolve('tsx'), ...script]
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment } })
  let [out, err] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  const code = await new Promise<number | null>((ended) => child.once('close', ended))
  return { code, out, err }
}

describe('the backend', () => {
  it('WebAssembly trains every kind of network, quietly, and says what would be faster', async () => {
    const { code, out, err } = await run('wasm')
    expect(err).toBe('')
    expect(code).toBe(0)
    const { backend, advice, recalls, slopes } = JSON.parse(out)
    expect(backend).toBe('wasm')
    expect(advice).toMatch(/npx @sparc\/native tensorflow/)
    expect(Object.keys(recalls)).toEqual(learned)
    for (const name of learned) expect(recalls[name].after, name).toBeGreaterThan(1.4 * recalls[name].before)
    // What moves the codewords is what JavaScript alone computes.
    const plain = JSON.parse((await run('cpu')).out)
    expect(slopes).toHaveLength(2)
    for (const [s, slope] of slopes.entries()) {
      expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(1e-3)
      for (const [i, value] of slope.entries()) expect(value).toBeCloseTo(plain.slopes[s][i], 4)
    }
  })

  it('a name that is none is refused, with a suggestion', async () => {
    const { code, err } = await run('wasn')
    expect(code).not.toBe(0)
    expect(err).toMatch(/UNKNOWN_BACKEND|Did you mean "wasm"/)
  })
})

describe('threads', () => {
  it('are one for each core, of which x64 shows two logical processors', () => {
    expect([1, 2, 3, 16].map((processors) => threadsOf(processors, 'x64'))).toEqual([1, 1, 1, 8])
    expect(threadsOf(8, 'arm64')).toBe(8)
  })

  it('are what TF_NUM_INTRAOP_THREADS says where it says something', async () => {
    const module = new URL('tensorflow.ts', import.meta.url).href
    const code = `const { loadTensorflow } = await import('${module}')
      await loadTensorflow()
      console.log(process.env.TF_NUM_INTRAOP_THREADS)`
    const said = async (threads: string | undefined) => {
      const { err, out } = await start(['--input-type=module', '--eval', code], {
        TF_NUM_INTRAOP_THREADS: threads,
        SPARC_BACKEND: 'cpu',
      })
      expect(err).toBe('')
      return Number(out)
    }
    expect(await said(undefined)).toBe(threadsOf(availableParallelism(), process.arch))
    expect(await said('3')).toBe(3)
  })
})

describe('segmentSum', () => {
  it('adds up the rows of each segment and drops those of none', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    expect(Array.from(segmentSum(values, Int32Array.of(2, 0, 2, -1), 3, 2))).toEqual([3, 4, 0, 0, 6, 8])
  })
})
