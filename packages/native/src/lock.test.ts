import { spawn } from 'node:child_process'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NativeError } from './errors.ts'
import { exists } from './files.ts'
import { withLock } from './lock.ts'
import { temporaryFolder } from './temporary.fixture.ts'

const source = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)

/** A process that runs this TypeScript; resolves when it has printed something. */
async function startProcess(program: string) {
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

test('one at a time', async () => {
  const path = join(await temporaryFolder(), 'deep', 'a.lock')
  let inside = 0
  let most = 0
  const work = async () => {
    inside++
    most = Math.max(most, inside)
    await new Promise((resolve) => setTimeout(resolve, 20))
    inside--
  }
  await Promise.all([1, 2, 3, 4].map(() => withLock(path, work)))
  expect(most).toBe(1)
  expect(await exists(path)).toBe(false)
})

test('work that throws gives the lock back, and its error', async () => {
  const path = join(await temporaryFolder(), 'a.lock')
  await expect(withLock(path, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
  expect(await withLock(path, async () => 'next')).toBe('next')
})

test('the lock of a process that was killed is taken over at once', async () => {
  const path = join(await temporaryFolder(), 'a.lock')
  const holder = await startProcess(
    `const { withLock } = await import(${source('./lock.ts')})
     await withLock(${JSON.stringify(path)}, async () => { console.log('in'); await new Promise(() => setInterval(() => {}, 1e6)) })`,
  )
  await expect(withLock(path, async () => 'mine', { timeoutMs: 300 })).rejects.toThrow('held')
  const gone = new Promise((resolve) => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await gone
  expect(await exists(path)).toBe(true)
  expect(await withLock(path, async () => 'mine', { timeoutMs: 5_000 })).toBe('mine')
})

test('many that find the same dead holder still go one at a time', async () => {
  const path = join(await temporaryFolder(), 'a.lock')
  await writeFile(
    path,
    JSON.stringify({ token: 'x', pid: process.pid, host: (await import('node:os')).hostname(), began: '1' }),
  )
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, async () => {
        inside++
        most = Math.max(most, inside)
        await new Promise((resolve) => setTimeout(resolve, 10))
        inside--
      }),
    ),
  )
  expect(most).toBe(1)
})

test('a lock of another machine counts as long as it is kept fresh, then is taken over', async () => {
  const path = join(await temporaryFolder(), 'a.lock')
  await writeFile(path, JSON.stringify({ token: 'x', pid: 1, host: 'elsewhere', began: '1' }))
  const error: unknown = await withLock(path, async () => 'mine', { timeoutMs: 250 }).catch((thrown: unknown) => thrown)
  expect(NativeError.isInstance(error) && error.code).toBe('LOCK_TIMEOUT')
  const long = new Date(Date.now() - 60_000)
  await utimes(path, long, long)
  expect(await withLock(path, async () => 'mine', { timeoutMs: 5_000 })).toBe('mine')
})
