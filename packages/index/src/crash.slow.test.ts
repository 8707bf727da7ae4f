import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { random } from '@sparc/tables'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { interestsFrom } from './arrays.ts'
import { CodeShardedIndex } from './code-sharded-index.ts'
import { ITEMS, stateOf } from './saver-state.fixture.ts'

const KILLS = 50
const packages = join(import.meta.dirname, '../..')
const root = join(packages, '..')
let built = ''

/** Compiles both packages once, because 50 processes that each compile would take minutes. */
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'sparc-crash-'))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const compile = (name: string, to: string) => {
    const source = join(packages, name, 'src')
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        rootDir: source,
        outDir: to,
        noCheck: true,
        declaration: false,
        declarationMap: false,
        types: [],
      },
      include: [source],
      exclude: [join(source, '**/*.test.ts')],
    }
    writeFileSync(join(built, `${name}.json`), JSON.stringify(config))
    execFileSync(process.execPath, [tsc, '-p', join(built, `${name}.json`)])
  }
  const tables = join(built, 'node_modules/@sparc/tables')
  mkdirSync(tables, { recursive: true })
  compile('tables', join(tables, 'dist'))
  compile('index', join(built, 'index'))
  const manifest = { name: '@sparc/tables', type: 'module', exports: './dist/index.js' }
  writeFileSync(join(tables, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(built, 'package.json'), JSON.stringify({ type: 'module' }))
  for (const name of ['apache-arrow', 'zod']) {
    symlinkSync(join(packages, 'index/node_modules', name), join(built, 'node_modules', name))
  }
}, 120_000)

afterAll(() => rmSync(built, { recursive: true, force: true }))

/** Starts a process that saves without end, kills it after a while, and opens what it left. */
async function killOnce(directory: string, after: number): Promise<number> {
  const args = [join(built, 'index/saver.fixture.js'), directory]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((ended) => child.once('exit', ended))
  await Promise.race([new Promise((ready) => child.stdout.once('data', ready)), exited])
  expect(child.exitCode).toBeNull()
  await sleep(after)
  child.kill('SIGKILL')
  await exited
  const index = await CodeShardedIndex.open(directory)
  const { items, scores } = await index.find(interestsFrom({ vectors: Float32Array.of(1, 0), dim: 2 }), {
    k: ITEMS,
    scope: 'all',
  })
  expect(new Set(items).size).toBe(ITEMS)
  expect(new Set(scores).size).toBe(1)
  await index.close()
  return scores[0]
}

it(`killed ${KILLS} times while it saves, the folder always holds the old state or the new one`, async () => {
  const source = random(7)
  const lane = async (number: number) => {
    const directory = join(built, `saved-${number}`)
    const first = await CodeShardedIndex.build(stateOf(1))
    await first.save(directory)
    await first.close()
    let last = 1
    for (let kill = 0; kill < KILLS / 2; kill++) {
      const state = await killOnce(directory, 2 + source.int(150))
      expect(state).toBeGreaterThanOrEqual(last)
      last = state
    }
    return last
  }
  const ends = await Promise.all([lane(0), lane(1)])
  for (const end of ends) expect(end).toBeGreaterThan(2)
}, 300_000)
