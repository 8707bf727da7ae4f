import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { emptyRun, openRunFolder, runPaths } from './folder.ts'
import { readJson, writeJson } from './json.ts'
import { lockFolder } from './lock.ts'

it('lets one run at a time write a folder, and says who holds it', async () => {
  const at = temporary()
  const lock = await lockFolder(at)
  await expect(lockFolder(at)).rejects.toThrow(new RegExp(`Another run.*process ${process.pid}.*--run NAME`, 's'))
  await lock.release()
  await (await lockFolder(at)).release()
  expect(existsSync(join(at, 'lock.json'))).toBe(false)
})

it('takes over the lock of a process that is gone, and one that was cut off half way', async () => {
  const at = temporary()
  writeFileSync(join(at, 'lock.json'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), since: '' }))
  await (await lockFolder(at)).release()
  writeFileSync(join(at, 'lock.json'), '{"pid":')
  await (await lockFolder(at)).release()
})

it('says that a results folder cannot be written', async () => {
  const file = join(temporary(), 'file')
  writeFileSync(file, 'in the way')
  await expect(openRunFolder(join(file, 'run'))).rejects.toThrow(/can't be written.*--out DIR/s)
})

it.each([
  ['that is free', undefined],
  ['whose lock is stale', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), since: '' })],
  ['whose lock is not whole', ''],
])('lets one of many that come at once have a folder %s', async (_, left) => {
  const at = temporary()
  if (left !== undefined) writeFileSync(join(at, 'lock.json'), left)
  const all = await Promise.allSettled(Array.from({ length: 16 }, () => lockFolder(at)))
  const got = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(got).toHaveLength(1)
  for (const each of all) if (each.status === 'rejected') expect(each.reason.code).toBe('RUN_LOCKED')
  expect(readdirSync(at)).toEqual(['lock.json'])
  await got[0].release()
  expect(readdirSync(at)).toEqual([])
})

it('has a lock that says who holds it from the moment that it is there', async () => {
  const at = temporary()
  const seen = new Set<string>()
  let done = false
  const look = () => {
    try {
      seen.add(readFileSync(join(at, 'lock.json'), 'utf8'))
    } catch {
      // Nobody holds it just now.
    }
    if (!done) setImmediate(look)
  }
  look()
  for (let time = 0; time < 50; time++) await (await lockFolder(at)).release()
  done = true
  expect(seen.size).toBeGreaterThan(0)
  for (const text of seen) expect(JSON.parse(text || 'null')).toMatchObject({ pid: process.pid })
})

it('says which file to delete where the machine that holds a folder may be gone', async () => {
  const at = temporary()
  writeFileSync(join(at, 'lock.json'), JSON.stringify({ pid: 7, host: 'elsewhere', since: 'long ago' }))
  await expect(lockFolder(at)).rejects.toThrow(/process 7 on elsewhere.*if that process is gone, delete .*lock\.json/s)
})

it('leaves a lock alone that has become that of another process', async () => {
  const at = temporary()
  const lock = await lockFolder(at)
  writeFileSync(join(at, 'lock.json'), 'of another')
  await lock.release()
  expect(readFileSync(join(at, 'lock.json'), 'utf8')).toBe('of another')
})

it('empties a run but for its lock', async () => {
  const folder = await openRunFolder(join(temporary(), 'run'))
  mkdirSync(join(folder.path, 'sparc'))
  for (const file of ['run.json', 'items.arrow', join('sparc', 'result.json')])
    writeFileSync(join(folder.path, file), '')
  emptyRun(folder)
  expect(readdirSync(folder.path)).toEqual(['lock.json'])
  await folder.lock.release()
})

it('never deletes anything in a folder that is no run', async () => {
  const at = temporary()
  writeFileSync(join(at, 'precious.txt'), 'mine')
  const folder = await openRunFolder(at)
  emptyRun(folder)
  await folder.lock.release()
  expect(readFileSync(join(at, 'precious.txt'), 'utf8')).toBe('mine')
})

it('keeps the first seed in the folder of its row and the others below it', () => {
  const paths = runPaths('results/beauty')
  expect(paths.row('sparc', 1, true)).toBe(join('results', 'beauty', 'sparc'))
  expect(paths.row('sparc', 2, false)).toBe(join('results', 'beauty', 'sparc', 'seed-2'))
})

it('reads back what it wrote, and nothing from a file that is not whole', async () => {
  const path = join(temporary(), 'a.json')
  await writeJson(path, { value: [1, Number.NaN] })
  expect(await readJson(path)).toEqual({ value: [1, null] })
  writeFileSync(path, '{"value":')
  expect(await readJson(path)).toBeUndefined()
})
