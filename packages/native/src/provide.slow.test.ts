import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { NativeError } from './errors.ts'
import type { NativeEvent } from './events.ts'
import { exists } from './files.ts'
import { type NativeHalf, provide } from './provide.ts'
import { temporaryFolder, writeFiles } from './temporary.fixture.ts'

/** A package `thing` with an installer, a cache, and a half whose "addon" is JavaScript. */
async function scene(installer: string) {
  const root = join(await temporaryFolder(), `it's $(odd) "`)
  await writeFiles(root, {
    'node_modules/thing/package.json': '{ "version": "1.0.0" }',
    'node_modules/thing/install.js': installer,
    'built/addon.js': 'exports.version = require("./lib/library.js")',
    'built/library.js': 'module.exports = "2.0"',
  })
  const recipe = vi.fn(async () => ({
    source: 'the recipe',
    placings: [
      { from: join(root, 'built/library.js'), to: 'lib/library.js', how: 'link' as const },
      { from: join(root, 'built/addon.js'), to: 'addon.js', how: 'copy' as const },
    ],
  }))
  const half: NativeHalf = {
    name: 'thing',
    addon: async () => 'addon.js',
    probe: 'addon.version',
    installer: () => ({ args: ['install.js'], fills: ['lib'] }),
    recipe,
  }
  const events: NativeEvent[] = []
  const options = {
    from: root,
    cache: join(root, 'cache'),
    upstreamPatienceMs: 1_500,
    onEvent: (event: NativeEvent) => events.push(event),
  }
  return { root, thing: join(root, 'node_modules/thing'), half, recipe, options, events }
}

const failing = 'console.error("ERR! getaddrinfo ENOTFOUND example.org"); process.exit(1)'

test('an installer that works is used, and its files serve the next checkout from the cache', async () => {
  const installer = `const fs = require('fs'); fs.mkdirSync('lib'); fs.writeFileSync('lib/addon.js', 'exports.version = "1.9"')`
  const { half, options, recipe, thing, root } = await scene(installer)
  const inLib = { ...half, addon: async () => 'lib/addon.js' }
  const [first] = await provide(inLib, options)
  expect(first).toMatchObject({ changed: true, source: 'the installer of thing 1.0.0' })
  expect(await readFile(join(thing, 'lib/addon.js'), 'utf8')).toContain('1.9')
  await rm(join(thing, 'lib'), { recursive: true })
  await writeFile(join(thing, 'install.js'), failing)
  const [second] = await provide(inLib, options)
  expect(second).toMatchObject({ changed: true, source: 'the installer of thing 1.0.0' })
  expect(recipe).not.toHaveBeenCalled()
  expect((await readdir(join(root, 'node_modules'))).sort()).toEqual(['thing'])
})

test('where the installer fails the recipe is used, and the failure is remembered', async () => {
  const { half, options, recipe, thing, events } = await scene(failing)
  const [provided] = await provide(half, options)
  expect(provided).toMatchObject({ changed: true, source: 'the recipe', package: { version: '1.0.0' } })
  const warnings = events.filter(({ kind }) => kind === 'warning').map(({ text }) => text)
  expect(warnings).toEqual([expect.stringContaining('ENOTFOUND example.org')])
  await rm(join(thing, 'sparc-native.json'))
  await rm(join(thing, 'addon.js'))
  events.length = 0
  await provide(half, options)
  expect(recipe).toHaveBeenCalledTimes(2)
  expect(events).toEqual([])
})

test('an installer that hangs is given up, and what it had downloaded is not taken for whole', async () => {
  const hanging = `const fs = require('fs'); fs.mkdirSync('lib'); fs.writeFileSync('lib/library.js', 'half'); setInterval(() => {}, 1e6)`
  const { half, options, root, thing } = await scene(hanging)
  const [provided] = await provide(half, options)
  expect(provided?.source).toBe('the recipe')
  expect(await readFile(join(thing, 'lib/library.js'), 'utf8')).toContain('2.0')
  expect(await readdir(join(root, 'node_modules'))).toEqual(['thing'])
})

test('what is in place is left alone, and found at once', async () => {
  const { half, options, recipe } = await scene(failing)
  await provide(half, { ...options, upstream: false })
  const [again] = await provide(half, options)
  expect(again).toMatchObject({ changed: false, source: 'the recipe' })
  expect(recipe).toHaveBeenCalledOnce()
})

test('a package that npm installed with its native half is left alone', async () => {
  const { half, options, recipe, thing } = await scene(failing)
  await writeFiles(thing, { 'addon.js': 'exports.version = "3.0"' })
  const [provided] = await provide(half, options)
  expect(provided).toMatchObject({ changed: false, source: 'elsewhere' })
  expect(recipe).not.toHaveBeenCalled()
})

test.each([
  ['missing', (thing: string) => rm(join(thing, 'lib/library.js'))],
  ['cut short', (thing: string) => writeFile(join(thing, 'addon.js'), 'exports.ver')],
])('where a file is %s it is put in place again', async (_, damage) => {
  const { half, options, thing } = await scene(failing)
  await provide(half, { ...options, upstream: false })
  await damage(thing)
  expect(await provide(half, { ...options, upstream: false })).toMatchObject([{ changed: true, source: 'the recipe' }])
  expect(await provide(half, options)).toMatchObject([{ changed: false }])
})

test('an addon that does not load is an error, and is not left in the package', async () => {
  const { half, options, root, thing } = await scene(failing)
  await writeFile(join(root, 'built/addon.js'), 'throw new Error("undefined symbol: TF_Version")')
  const error: unknown = await provide(half, { ...options, upstream: false }).catch((thrown: unknown) => thrown)
  expect(NativeError.isInstance(error) && error.code).toBe('LOAD_FAILED')
  expect(String(error)).toContain('undefined symbol')
  expect(await exists(join(thing, 'addon.js'))).toBe(false)
  expect(await exists(join(thing, 'sparc-native.json'))).toBe(false)
})

test('large files are linked, not copied', async () => {
  const { half, options, root, thing } = await scene(failing)
  await provide(half, { ...options, upstream: false })
  await writeFile(join(root, 'built/library.js'), 'module.exports = "2.1"')
  expect(await readFile(join(thing, 'lib/library.js'), 'utf8')).toContain('2.1')
  expect(await readFile(join(thing, 'addon.js'), 'utf8')).toContain('library.js')
})
