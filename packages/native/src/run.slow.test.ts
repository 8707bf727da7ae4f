import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NativeError } from './errors.ts'
import { exists } from './files.ts'
import { run, runOrThrow } from './run.ts'
import { temporaryFolder } from './temporary.fixture.ts'

const node = (program: string, ...args: string[]): [string, string[]] => [process.execPath, ['-e', program, ...args]]

test('output of both kinds and the exit code come back', async () => {
  const result = await run(...node('console.log("out"); console.error("err"); process.exitCode = 3'))
  expect(result.code).toBe(3)
  expect(result.output).toContain('out')
  expect(result.output).toContain('err')
})

test('arguments arrive as they are, whatever a shell would make of them', async () => {
  const odd = ['$(touch hacked)', '; touch hacked', '`touch hacked`', 'a b', "it's", '', '*', '&& touch hacked']
  const folder = await temporaryFolder()
  const [command, args] = node('console.log(JSON.stringify(process.argv.slice(1)))', ...odd)
  const result = await run(command, args, { cwd: folder })
  expect(JSON.parse(result.output)).toEqual(odd)
  expect(await exists(join(folder, 'hacked'))).toBe(false)
})

test('a command that takes too long is ended, with what it started', async () => {
  const folder = await temporaryFolder()
  const late = join(folder, 'late')
  const grandchild = `setTimeout(() => require('fs').writeFileSync(${JSON.stringify(late)}, ''), 1500)`
  const program = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}]); setTimeout(() => {}, 1e6)`
  const result = await run(...node(program), { timeoutMs: 400 })
  expect(result).toMatchObject({ code: null, killed: 'timeout' })
  await new Promise((resolve) => setTimeout(resolve, 1_600))
  expect(await exists(late)).toBe(false)
})

test('a command that makes no headway is ended, one that does is not', async () => {
  let bytes = 0
  const waits = node('setTimeout(() => {}, 1800)')
  const going = await run(...waits, { stall: { ms: 700, measure: async () => bytes++ } })
  expect(going.code).toBe(0)
  const stuck = await run(...waits, { stall: { ms: 700, measure: async () => 7 } })
  expect(stuck.killed).toBe('stall')
})

test('a failure is an error with the command and the end of its output', async () => {
  const failing = runOrThrow(...node('console.error("disk on fire"); process.exit(9)'), { next: 'Call for help.' })
  const error: unknown = await failing.catch((thrown: unknown) => thrown)
  expect(NativeError.isInstance(error) && error.code).toBe('COMMAND_FAILED')
  expect(String(error)).toMatch(/code 9[\s\S]*disk on fire[\s\S]*Call for help\./)
})
