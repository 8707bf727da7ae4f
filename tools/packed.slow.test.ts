import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './setup.mjs'

const exec = promisify(execFile)
let folder: string
let project: string

// All packages as they would be published, installed by npm into an empty project.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparc-packed-'))
  project = join(folder, 'project')
  await mkdir(project)
  await exec(process.execPath, [join(root, 'tools/turbo.mjs'), 'run', 'build', '--filter=./packages/*'])
  const { packageManager } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const pnpm = ['exec', '--yes', `--package=${packageManager}`, '--', 'pnpm']
  const pack = ['--recursive', '--filter=./packages/*', 'pack', '--pack-destination', folder]
  await exec('npm', [...pnpm, ...pack], { cwd: root })
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz')).map((name) => join(folder, name))
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }')
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await exec('npm', ['install', ...flags, ...tarballs], { cwd: project, maxBuffer: 1e8 })
}, 300_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const packages = (await readdir(join(root, 'packages'))).sort()

test.each(packages)('@sparc/%s holds what it should and nothing else', async (name) => {
  const installed = join(project, 'node_modules/@sparc', name)
  const names = await readdir(installed)
  expect(names).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']))
  const files = await readdir(join(installed, 'src'), { recursive: true })
  expect(files.filter((file) => /\.(test|bench|fixture)\./.test(file))).toEqual([])
  expect(await readFile(join(installed, 'package.json'), 'utf8')).not.toContain('workspace:')
})

test.each(packages)('@sparc/%s is imported without any of its optional peers', async (name) => {
  const program = `console.log(Object.keys(await import('@sparc/${name}')).length > 0)`
  const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', program], { cwd: project })
  expect(stdout).toBe('true\n')
})

test.each(['tables', 'native'])('the example in the README of @sparc/%s runs', async (name) => {
  const readme = await readFile(join(project, 'node_modules/@sparc', name, 'README.md'), 'utf8')
  const example = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]).join('\n')
  expect(example).toContain(`from '@sparc/${name}'`)
  await writeFile(join(project, 'example.js'), example)
  await exec(process.execPath, ['example.js'], { cwd: project })
})

test('the command of @sparc/native is there', async () => {
  const { stdout } = await exec(join(project, 'node_modules/.bin/sparc-native'), ['doctor'], { cwd: project })
  expect(stdout).toMatch(/^faiss-node +not installed/m)
})
