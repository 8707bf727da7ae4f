import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheEntry } from './cache.ts'
import { NativeError } from './errors.ts'
import { exists } from './files.ts'
import { downloadWheel, findPip, unpackWheel } from './pip.ts'
import { onlyCommands, temporaryFolder } from './temporary.fixture.ts'

const sha = (text: string) =>
  import('node:crypto').then(({ createHash }) => createHash('sha256').update(text).digest('hex'))

const wheel = async (content: string) => {
  return { project: 'some-thing', version: '1.0', sha256: await sha(content), bytes: content.length }
}

// A Python whose pip writes what it was told to call the file with the content "the wheel".
const pip = `
if (args.includes('--version')) process.exit(0)
const folder = args[args.indexOf('--dest') + 1]
fs.writeFileSync(folder + '/some_thing-1.0-cp311-linux.whl', 'the wheel')`

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => (NativeError.isInstance(error) ? error.code : error),
  )

test('a wheel is downloaded and checked', async () => {
  await onlyCommands({ python3: pip })
  const folder = await temporaryFolder()
  const path = await downloadWheel(await findPip(), await wheel('the wheel'), folder)
  expect(path).toBe(join(folder, 'some_thing-1.0-cp311-linux.whl'))
})

test('a wheel of another content is refused and never gets into the cache', async () => {
  await onlyCommands({ python3: pip })
  const cache = await temporaryFolder()
  const expected = await wheel('what the author uploaded')
  const work = cacheEntry(
    'library',
    async (staging) => {
      await downloadWheel(await findPip(), expected, staging)
    },
    { cache },
  )
  expect(await codeOf(work)).toBe('WRONG_CHECKSUM')
  expect(await exists(join(cache, 'library'))).toBe(false)
  expect(await readdir(join(cache, 'tmp'))).toEqual([])
})

test('a download that breaks off is an error that shows what pip said', async () => {
  const broken = `if (args.includes('--version')) process.exit(0)
    console.error('ReadTimeoutError: files.example.org'); process.exit(1)`
  await onlyCommands({ python3: broken })
  const work = downloadWheel(await findPip(), await wheel('x'), await temporaryFolder())
  await expect(work).rejects.toThrow('ReadTimeoutError')
  expect(await codeOf(work)).toBe('COMMAND_FAILED')
})

test('python is used where there is no python3, and without either the error says what to install', async () => {
  await onlyCommands({ python: pip })
  expect(await findPip()).toEqual({ python: 'python' })
  await onlyCommands({ python3: 'console.error("No module named pip"); process.exit(1)' })
  const work = findPip()
  await expect(work).rejects.toThrow('apt-get install python3-pip')
  expect(await codeOf(work)).toBe('NO_PIP')
})

test('folders with odd names are passed on as they are', async () => {
  await onlyCommands({ python3: pip })
  const folder = join(await temporaryFolder(), `a b; $(touch hacked) "'`)
  await import('node:fs/promises').then(({ mkdir }) => mkdir(folder))
  expect(await downloadWheel(await findPip(), await wheel('the wheel'), folder)).toContain('$(touch hacked)')
  expect(await readdir(folder)).toEqual(['some_thing-1.0-cp311-linux.whl'])
})

test('only the wanted files of a wheel are unpacked, and their path and wish arrive as arguments', async () => {
  await onlyCommands({ python3: `fs.writeFileSync(args[3] + '/seen', JSON.stringify(args.slice(2)))` })
  const folder = await temporaryFolder()
  await unpackWheel({ python: 'python3' }, '/a b.whl', folder, ['lib/', 'include/'])
  const { readFile } = await import('node:fs/promises')
  expect(JSON.parse(await readFile(join(folder, 'seen'), 'utf8'))).toEqual(['/a b.whl', folder, 'lib/', 'include/'])
})
