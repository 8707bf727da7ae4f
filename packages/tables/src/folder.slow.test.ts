import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SparcError } from './errors.ts'
import { checkSameFormat, openFolder, saveFolder } from './folder.ts'

const format = { format: 'test.thing', version: 2 }
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sparc-folder-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const save = (text: string) =>
  saveFolder(directory, {
    ...format,
    meta: { text },
    files: { 'a.bin': Buffer.from(text), 'b.bin': () => Buffer.from('b') },
  })

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    return SparcError.isInstance(error) ? error.code : String(error)
  }
}

async function changeManifest(change: (manifest: string) => string): Promise<void> {
  const path = join(directory, 'manifest.json')
  await writeFile(path, change(await readFile(path, 'utf8')))
}

test('what was saved is opened, and a second save replaces the first without leaving files', async () => {
  await save('one')
  await save('two')
  const folder = await openFolder(directory, format)
  expect(folder.meta).toEqual({ text: 'two' })
  expect(folder.names).toEqual(['a.bin', 'b.bin'])
  expect(folder.size('a.bin')).toBe(3)
  expect(Buffer.from(await folder.read('a.bin')).toString()).toBe('two')
  expect((await readdir(directory)).length).toBe(3)
})

test('with keepOld a reader of the state before can still read it', async () => {
  await save('one')
  const before = await openFolder(directory, format)
  const files = { 'a.bin': Buffer.from('two') }
  await saveFolder(directory, { ...format, meta: {}, files }, { keepOld: true })
  expect(Buffer.from(await before.read('a.bin')).toString()).toBe('one')
})

test('foreign, newer, damaged, truncated and oversized folders are refused, each by its code', async () => {
  expect(await codeOf(openFolder(join(directory, 'none'), format))).toBe('NO_SUCH_FILE')
  await save('one')
  expect(await codeOf(openFolder(directory, { format: 'test.other', version: 2 }))).toBe('FOREIGN_FORMAT')
  expect(await codeOf(openFolder(directory, { format: 'test.thing', version: 1 }))).toBe('NEWER_VERSION')
  const folder = await openFolder(directory, format)
  expect(await codeOf(folder.read('c.bin'))).toBe('NO_SUCH_FILE')
  const path = join(directory, (await readdir(directory)).find((name) => name.startsWith('a-')) ?? '')
  await writeFile(path, 'on')
  expect(await codeOf(folder.read('a.bin'))).toBe('TRUNCATED')
  await writeFile(path, 'three')
  expect(await codeOf(folder.read('a.bin'))).toBe('OVERSIZED')
  await writeFile(path, 'ono')
  expect(await codeOf(folder.read('a.bin'))).toBe('CHECKSUM')
  await rm(path)
  expect(await codeOf(folder.read('a.bin'))).toBe('NO_SUCH_FILE')
  await changeManifest((text) => text.slice(0, -10))
  expect(await codeOf(openFolder(directory, format))).toBe('NOT_A_MANIFEST')
  await writeFile(join(directory, 'manifest.json'), '{"format": 3}')
  expect(await codeOf(openFolder(directory, format))).toBe('NOT_A_MANIFEST')
})

test('a manifest that points outside of its folder is refused', async () => {
  for (const path of ['../secret', '/etc/passwd', '..', 'a/b', 'a\\\\b']) {
    await save('one')
    await changeManifest((text) => text.replace(/"a-[0-9a-f]+\.bin"/, `"${path}"`))
    expect(await codeOf(openFolder(directory, format)), path).toBe('PATH_ESCAPE')
  }
})

test('a folder that cannot be written to is a typed error', async () => {
  await writeFile(join(directory, 'file'), '')
  const content = { ...format, meta: {}, files: {} }
  expect(await codeOf(saveFolder(join(directory, 'file', 'below'), content))).toBe('NOT_WRITABLE')
})

test('killed at any moment while saving, the folder holds the old state or the new one, whole', async () => {
  await save('begin')
  const writer = fileURLToPath(new URL('./folder-writer.fixture.ts', import.meta.url))
  const args = ['--conditions=@sparc/source', '--import', 'tsx', writer, directory]
  let lastState = 0
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((ready) => child.stdout.once('data', ready))
    await sleep(7 * round + 3)
    child.kill('SIGKILL')
    await new Promise((ended) => child.once('exit', ended))
    const folder = await openFolder(directory, format)
    const state = Number(folder.meta.state ?? 0)
    expect(state).toBeGreaterThanOrEqual(lastState)
    lastState = state
    for (const name of folder.names.filter((name) => name.startsWith('part'))) {
      expect(new Set(await folder.read(name))).toEqual(new Set([state % 256]))
    }
  }
  expect(lastState).toBeGreaterThan(0)
})

test('a folder that holds something of another format is left as it is', async () => {
  await save('first')
  const other = { format: 'test.other', version: 1, meta: {}, files: { 'c.bin': Buffer.from('c') } }
  expect(await codeOf(saveFolder(directory, other))).toBe('FOREIGN_FORMAT')
  expect(await readdir(directory)).toHaveLength(3)
  expect((await openFolder(directory, format)).meta).toEqual({ text: 'first' })
  await writeFile(join(directory, 'manifest.json'), 'torn')
  expect(await codeOf(saveFolder(directory, other))).toBeUndefined()
})

test('a save removes what killed saves of its files left, and nothing that others put there', async () => {
  const hash = '0123456789abcdef'
  await save('one')
  const foreign = [
    `index-${hash}.js`,
    `a-${hash}.js`,
    `c-${hash}.bin`,
    `a-${hash}`,
    `a-${hash}.bin.bak`,
    `a-${hash.toUpperCase()}.bin`,
    'a.bin',
    'x.tmp',
    'manifest.json.tmp',
    'a.bin.12-01234567.tmp',
    `index-${hash}.js.12-01234567.tmp`,
  ]
  const orphans = [
    `a-${hash}.bin`,
    `b-${hash}.bin`,
    `d-${hash}.e`,
    `a-${hash}.bin.12-01234567.tmp`,
    'manifest.json.12-01234567.tmp',
  ]
  for (const name of [...foreign, ...orphans]) await writeFile(join(directory, name), 'x')
  await mkdir(join(directory, `a-${'f'.repeat(16)}.bin`))
  const files = { 'a.bin': Buffer.from('two'), 'd.e': Buffer.from('d') }
  await saveFolder(directory, { ...format, meta: {}, files })
  const left = await readdir(directory)
  expect(left).toEqual(expect.arrayContaining([...foreign, `a-${'f'.repeat(16)}.bin`]))
  expect(left.filter((name) => orphans.includes(name))).toEqual([])
  expect(left).toHaveLength(foreign.length + 4)
})

test('names without an ending, or with a hash of their own, are known again', async () => {
  const names = ['plain', '.hidden', 'a.b.c', 'a-0123456789abcdef.bin', 'a-0123456789abcdef']
  const saved = (text: string) =>
    saveFolder(directory, {
      ...format,
      meta: {},
      files: Object.fromEntries(names.map((name) => [name, Buffer.from(text + name)])),
    })
  await saved('one')
  await saved('two')
  expect(await readdir(directory)).toHaveLength(names.length + 1)
  const folder = await openFolder(directory, format)
  for (const name of names) expect(Buffer.from(await folder.read(name)).toString()).toBe(`two${name}`)
})

test.each([[''], [' \t'], [undefined], [3]])(
  'a folder named %j is refused before anything is written',
  async (name) => {
    const none = name as string
    let asked = false
    const file = () => {
      asked = true
      return Buffer.from('a')
    }
    const saving = saveFolder(none, { ...format, meta: {}, files: { 'a.bin': file } })
    await expect(saving).rejects.toThrow(/no name.*Given: .*Allowed: the path of a folder.*Name a folder/)
    expect(asked).toBe(false)
    expect(await codeOf(saving)).toBe('NO_DIRECTORY')
    expect(await codeOf(openFolder(none, format))).toBe('NO_DIRECTORY')
    expect(await codeOf(checkSameFormat(none, format.format))).toBe('NO_DIRECTORY')
  },
)
