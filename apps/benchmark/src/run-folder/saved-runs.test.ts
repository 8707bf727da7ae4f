import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { madeUpRun } from '../ledger/made-up-run.fixture.ts'
import { printed } from '../output.fixture.ts'
import { temporary } from '../temporary.fixture.ts'
import { openRun, openRuns } from './saved-runs.ts'

const made = (await madeUpRun([{ name: 'popularity', seed: 1 }])).paths

/** A results folder with a study of one run. */
function results(): { out: string; run: string } {
  const out = temporary()
  const run = join(out, 'study', 'books')
  cpSync(made.path, run, { recursive: true })
  return { out, run }
}

const errorsOf = async (...args: string[]) => (await printed(args)).errors

it('suggests a run of a study by its whole name, by its own, and beside a path', async () => {
  const { out } = results()
  await expect(openRun('study/boks', out)).rejects.toThrow(/no such run.*study\/boks.*Did you mean study\/books\?/s)
  await expect(openRun('boks', out)).rejects.toThrow(/Did you mean study\/books\?/)
  await expect(openRun(join(out, 'study', 'boks'), temporary())).rejects.toThrow(
    /Did you mean .*[\\/]study[\\/]books\?/,
  )
  await expect(openRun('zzz', out)).rejects.toThrow(/Allowed: study\/books\. See/)
})

it.each(['run.json', 'metrics.json'])(
  'says that %s of a run is damaged, cut off or of something else',
  async (file) => {
    const { out, run } = results()
    for (const text of ['{"format": 1, ', '', '[]', '{}']) {
      writeFileSync(join(run, file), text)
      const errors = await errorsOf('compare', 'study/books', 'study/books', '--out', out)
      expect(errors).toMatch(/DAMAGED_RUN.*file of a run is damaged/)
      expect(errors).toContain(join(run, file))
      expect(errors).not.toMatch(/Did you mean|no finished system/)
    }
    await expect(openRuns([], out)).rejects.toThrow(/damaged/)
  },
)

it('lists a damaged run as damaged', async () => {
  const { out, run } = results()
  writeFileSync(join(run, 'run.json'), '{')
  const { output } = await printed(['list', '--out', out])
  expect(output).toMatch(/study\/books: damaged/)
  expect(output).not.toContain('undefined')
})

it('says what to do with a run that has no finished system, and never to take it for itself', async () => {
  const { out, run } = results()
  rmSync(join(run, 'metrics.json'))
  const errors = await errorsOf('report', 'study/books', '--out', out)
  expect(errors).toMatch(/no finished system yet.*study\/books.*the same command \(a test\) goes on/s)
  expect(errors).not.toMatch(/Did you mean/)
})

it('knows an export from a run: one run of it, and all of it', async () => {
  const { out, run } = results()
  rmSync(join(run, 'metrics.json'))
  for (const file of ['README.md', 'leaderboard.csv']) writeFileSync(join(run, file), '')
  const all = dirname(run)
  for (const file of ['README.md', 'ledger.md']) writeFileSync(join(all, file), '')
  for (const [command, given] of [
    ['report', run],
    ['report', all],
    ['report', 'study/books'],
  ]) {
    expect(await errorsOf(command, given, '--out', out)).toMatch(/EXPORTED_RUN.*is an export.*not the rows/s)
  }
  expect(await errorsOf('compare', run, run)).toMatch(/EXPORTED_RUN/)
})

it('names what a study has not begun by the name of the study, whatever its folder is called', async () => {
  const { out } = results()
  const file = join(out, 'study', 'study.json')
  writeFileSync(file, JSON.stringify({ format: 1, name: 'full', experiments: ['books', 'multi'] }))
  expect((await openRuns(['study'], out)).missing).toEqual(['full/multi'])
  mkdirSync(join(out, 'study', 'multi'))
  expect((await openRuns(['study'], out)).missing).toEqual(['full/multi'])
  writeFileSync(file, '{"format"')
  await expect(openRuns(['study'], out)).rejects.toThrow(/study\.json.*no whole JSON/s)
})
