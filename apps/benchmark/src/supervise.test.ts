import { expect, it } from 'vitest'
import { commandLine } from './cli.ts'
import { wantsSupervision } from './supervise.ts'

it('watches what computes for long: the bare command, run, tune and fetch, and no other', () => {
  const watched = commandLine()
    .commands.map((command) => command.name())
    .filter((name) => wantsSupervision([name, 'run', '--verbose'], {}))
  expect(watched.sort()).toEqual(['fetch', 'run', 'tune'])
  expect(wantsSupervision(['--smoke'], {})).toBe(true)
  expect(wantsSupervision(['help', 'run'], {})).toBe(false)
  expect(wantsSupervision(['run', '--help'], {})).toBe(false)
})
