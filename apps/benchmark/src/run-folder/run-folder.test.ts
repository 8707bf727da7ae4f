import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { openRunFolder, removeRun, runPaths } from './folder.ts'
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
  const { hostname } = await import('node:os')
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

it('never deletes a folder that is no run', () => {
  const at = temporary()
  writeFileSync(join(at, 'precious.txt'), 'mine')
  removeRun(at)
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
