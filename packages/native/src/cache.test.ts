import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { cacheDirectory, cacheEntry } from './cache.ts'
import { NativeError } from './errors.ts'
import { exists } from './files.ts'
import { temporaryFolder, writeFiles } from './temporary.fixture.ts'

const make = () => vi.fn((staging: string) => writeFiles(staging, { 'lib/a.so': 'a library', b: 'other' }))

test('an entry is made once and found from then on', async () => {
  const cache = await temporaryFolder()
  const making = make()
  const first = await cacheEntry('thing-1', making, { cache })
  expect(await cacheEntry('thing-1', making, { cache })).toBe(first)
  expect(making).toHaveBeenCalledOnce()
  expect(await readFile(join(first, 'lib/a.so'), 'utf8')).toBe('a library')
})

test('making that fails leaves nothing behind, and the next call begins anew', async () => {
  const cache = await temporaryFolder()
  const failing = async (staging: string) => {
    await writeFile(join(staging, 'half'), 'a hal')
    throw new Error('the line was cut')
  }
  await expect(cacheEntry('thing', failing, { cache })).rejects.toThrow('the line was cut')
  expect(await exists(join(cache, 'thing'))).toBe(false)
  expect(await readdir(join(cache, 'tmp'))).toEqual([])
  expect(await readdir(await cacheEntry('thing', make(), { cache }))).toContain('b')
})

test.each([
  ['content', (path: string) => writeFile(path, 'a librarx')],
  ['length', (path: string) => writeFile(path, 'a lib')],
])('an entry whose file has another %s than recorded is made again', async (_, damage) => {
  const cache = await temporaryFolder()
  const making = make()
  const directory = await cacheEntry('thing', making, { cache })
  await damage(join(directory, 'lib/a.so'))
  await cacheEntry('thing', making, { cache })
  expect(making).toHaveBeenCalledTimes(2)
  expect(await readFile(join(directory, 'lib/a.so'), 'utf8')).toBe('a library')
})

test('a folder of that name without a record is not taken for an entry', async () => {
  const cache = await temporaryFolder()
  await writeFiles(join(cache, 'thing'), { b: 'left by an unpacking that was killed' })
  const directory = await cacheEntry('thing', make(), { cache })
  expect(await readFile(join(directory, 'b'), 'utf8')).toBe('other')
})

/** Makes the entry `thing` in a process of its own, slowly: says `making`, writes, waits, writes. */
function makeElsewhere(cache: string, waitMs: number) {
  const program = `
    const { cacheEntry } = await import(${JSON.stringify(new URL('./cache.ts', import.meta.url).href)})
    const fs = await import('node:fs/promises')
    await cacheEntry('thing', async (staging) => {
      await fs.writeFile(staging + '/b', 'first half')
      await fs.appendFile(${JSON.stringify(join(cache, 'made'))}, 'x')
      console.log('making')
      await new Promise((resolve) => setTimeout(resolve, ${waitMs}))
      await fs.appendFile(staging + '/b', ', second half')
    }, { cache: ${JSON.stringify(cache)} })`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('a process that is killed half way leaves no entry, and the next call sweeps up', async () => {
  const cache = await temporaryFolder()
  const child = makeElsewhere(cache, 60_000)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(await readdir(join(cache, 'tmp'))).toHaveLength(1)
  const directory = await cacheEntry('thing', make(), { cache })
  expect(await readFile(join(directory, 'b'), 'utf8')).toBe('other')
  expect(await readdir(join(cache, 'tmp'))).toEqual([])
})

test('of two processes at once one makes the entry and both have it', async () => {
  const cache = await temporaryFolder()
  const children = [makeElsewhere(cache, 300), makeElsewhere(cache, 300)]
  const codes = await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  expect(codes).toEqual([0, 0])
  expect(await readFile(join(cache, 'made'), 'utf8')).toBe('x')
  expect(await readFile(join(cache, 'thing', 'b'), 'utf8')).toBe('first half, second half')
})

test('a cache that cannot be written is an error that names the variable', async () => {
  const folder = await temporaryFolder()
  await writeFiles(folder, { file: '' })
  const error: unknown = await cacheEntry('a', make(), { cache: join(folder, 'file') }).catch(
    (thrown: unknown) => thrown,
  )
  expect(NativeError.isInstance(error) && [error.code, error.message]).toEqual([
    'CACHE_NOT_WRITABLE',
    expect.stringContaining('SPARC_CACHE'),
  ])
})

test('the cache is where SPARC_CACHE says, else in the home folder', async () => {
  vi.stubEnv('SPARC_CACHE', '/somewhere/else')
  expect(cacheDirectory()).toBe('/somewhere/else')
  vi.stubEnv('SPARC_CACHE', '')
  vi.stubEnv('XDG_CACHE_HOME', '')
  expect(cacheDirectory()).toBe(join(homedir(), '.cache', 'sparc'))
  vi.unstubAllEnvs()
})

test('names with spaces and quotes are folders like any other', async () => {
  const cache = join(await temporaryFolder(), `o'dd "; $(touch x) name`)
  await mkdir(cache)
  expect(await readdir(await cacheEntry('thing', make(), { cache }))).toContain('b')
})
