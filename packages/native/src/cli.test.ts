import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run } from './run.ts'
import { temporaryFolder, writeFiles } from './temporary.fixture.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

function sparcNative(...args: string[]) {
  return run(process.execPath, ['--import', 'tsx', join(here, 'cli.ts'), ...args], { cwd: here })
}

test('a package that is not installed ends with 1 and two lines, no stack', async () => {
  const folder = await temporaryFolder()
  const { code, output } = await sparcNative('faiss', '--from', folder)
  expect(code).toBe(1)
  expect(output.trim().split('\n')).toEqual([
    `The npm package faiss-node is not installed in or above ${folder}.`,
    expect.stringContaining('npm install faiss-node'),
  ])
})

test('an unknown command ends with 1 and a suggestion', async () => {
  const { code, output } = await sparcNative('tensorflw')
  expect(code).toBe(1)
  expect(output).toContain('Did you mean tensorflow')
})

test('doctor prints a table and the help names all commands', async () => {
  const folder = await temporaryFolder()
  await writeFiles(folder, { 'node_modules/faiss-node/package.json': '{ "version": "0.5.1" }' })
  const report = await sparcNative('doctor', '--from', folder)
  expect(report.code).toBe(0)
  expect(report.output).toMatch(
    /^faiss-node 0\.5\.1 +missing +the index uses its exact engine\n +→ npx @sparc\/native faiss$/m,
  )
  const { output } = await sparcNative('--help')
  for (const command of ['tensorflow', 'tensorflow-gpu', 'faiss', 'python', 'doctor']) expect(output).toContain(command)
})
