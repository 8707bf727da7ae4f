import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NativeError } from './errors.ts'
import { findPackages, requirePackages } from './packages.ts'
import { temporaryFolder, writeFiles } from './temporary.fixture.ts'

const manifest = (version: string) => JSON.stringify({ name: '@scope/thing', version })

test('a package is found in any node_modules on the way up', async () => {
  const root = await temporaryFolder()
  await writeFiles(root, { 'node_modules/@scope/thing/package.json': manifest('1.2.3'), 'a/b/file': '' })
  const found = await findPackages('@scope/thing', join(root, 'a/b'))
  expect(found).toEqual([
    { name: '@scope/thing', version: '1.2.3', directory: expect.stringMatching(/node_modules.@scope.thing$/) },
  ])
})

test('in a pnpm workspace the root finds the copies of all packages, each once', async () => {
  const root = await temporaryFolder()
  const store = 'node_modules/.pnpm'
  await writeFiles(root, {
    [`${store}/@scope+thing@1.0.0_peer@1/node_modules/@scope/thing/package.json`]: manifest('1.0.0'),
    [`${store}/@scope+thing@2.0.0/node_modules/@scope/thing/package.json`]: manifest('2.0.0'),
    [`${store}/@scope+thing-else@9.0.0/node_modules/@scope/thing-else/package.json`]: manifest('9.0.0'),
    'packages/one/node_modules/@scope/.keep': '',
  })
  const copy = join(root, store, '@scope+thing@1.0.0_peer@1/node_modules/@scope/thing')
  await symlink(copy, join(root, 'packages/one/node_modules/@scope/thing'))
  const versions = async (from: string) => (await findPackages('@scope/thing', from)).map(({ version }) => version)
  expect((await versions(root)).sort()).toEqual(['1.0.0', '2.0.0'])
  expect((await versions(join(root, 'packages/one'))).sort()).toEqual(['1.0.0', '2.0.0'])
})

test('none at all is an error that says what to install and where it looked', async () => {
  const root = await temporaryFolder()
  const error: unknown = await requirePackages('@scope/thing', root).catch((thrown: unknown) => thrown)
  expect(NativeError.isInstance(error) && error.code).toBe('PACKAGE_NOT_FOUND')
  expect(String(error)).toContain(root)
  expect(String(error)).toContain('npm install @scope/thing')
})
