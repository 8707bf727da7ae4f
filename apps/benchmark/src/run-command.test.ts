import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { planText } from './commands/plan.ts'
import { loadStudy } from './config/load.ts'
import { cutStudy } from './config/part.ts'
import { printed } from './output.fixture.ts'
import { temporary } from './temporary.fixture.ts'

function dataset(files: Record<string, string | Buffer>): string {
  const root = temporary()
  mkdirSync(join(root, 'mine'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'mine', name), content)
  return root
}

async function popularityOn(data: string) {
  const out = join(temporary(), 'out')
  const found = await printed(['--data', data, '--dataset', 'mine', '--models', 'popularity', '--out', out])
  return { ...found, out }
}

const ratings = Array.from({ length: 60 }, (_, user) =>
  Array.from({ length: 6 }, (_, i) => `u${user},i${(user + i * 7) % 30},${1_400_000_000 + i * 86_400}`),
).flat()

describe('the command line', () => {
  it.each([
    ['an unknown option', ['--sedd', '1'], /unknown option '--sedd'.*Did you mean --seed/s],
    [
      'an unknown system',
      ['--dataset', 'synthetic', '--models', 'sparq'],
      /no such system.*sparq.*Did you mean "sparc"/s,
    ],
    [
      'an unknown data set',
      ['--dataset', 'beuty', '--data', dataset({ 'interactions.csv': 'user,item,timestamp' })],
      /no such data set.*beuty.*mine, synthetic/s,
    ],
    ['a data folder that is not there', ['--data', '/no/such/folder'], /no such data folder.*\/no\/such\/folder/s],
    ['an unknown command', ['reprot', 'beauty'], /no such command.*reprot.*Did you mean report/s],
    ['a seed that is no number', ['--seed', 'one'], /whole number/],
    [
      'a run beside the results',
      ['--smoke', '--run', '../../x'],
      /RUN_OUTSIDE.*\.\.[\\/]\.\.[\\/]x.*a path below.*--out DIR/s,
    ],
    ['a study that is the results folder', ['run', 'full', '--run', 'x/..'], /RUN_OUTSIDE.*that folder itself/s],
    ['a search beside them', ['tune', 'item-knn', '--dataset', 'synthetic', '--run', '../x'], /RUN_OUTSIDE/],
    ['a join into a folder beside them', ['join', '../x', 'a'], /RUN_OUTSIDE/],
    [
      'a seed that there is not',
      ['run', 'full', '--seeds', '9'],
      /--seeds names.*Allowed: 1, 2, 3, 4, 5\. Correct --seeds/s,
    ],
    ['a ledger of no runs', ['ledger'], /NO_RUNS.*no run with a finished system.*npm start/s],
    ['a search without a trial', ['tune', 'item-knn', '--trials', '0'], /at least 1/],
  ])('refuses %s with exit code 1 and leaves nothing', async (_, args, message) => {
    const out = join(temporary(), 'results')
    const { code, errors } = await printed([...args, '--out', out])
    expect(errors).toMatch(message)
    expect(errors).not.toMatch(/\n\s+at /)
    expect(code).toBe(1)
    expect(existsSync(out)).toBe(false)
  })

  it.each([
    [
      'a package',
      { package: './no-such-package.js', name: 'theirs' },
      /no recommender.*no-such-package.*Allowed: a package/s,
    ],
    [
      'lists',
      { recommendations: 'no-such/lists.arrow', name: 'theirs' },
      /row theirs is not there.*Allowed: an Arrow/s,
    ],
  ])('says that %s of a configuration is not there before anything is trained', async (_, row, message) => {
    const [config, out] = [join(temporary(), 'mine.json'), join(temporary(), 'out')]
    const experiment = { name: 'mine', dataset: 'synthetic', world: 'tiny' }
    writeFileSync(config, JSON.stringify({ ...experiment, systems: ['popularity', row] }))
    const { code, output, errors } = await printed(['run', config, '--out', out])
    expect(errors).toMatch(message)
    expect({ code, output, there: existsSync(out) }).toEqual({ code: 1, output: '', there: false })
    // The other row needs nothing of it.
    expect((await printed(['run', config, '--out', out, '--models', 'popularity', '--plan'])).code).toBe(0)
  })

  it('suggests the file of lists that was probably meant', async () => {
    const folder = temporary()
    writeFileSync(join(folder, 'lists.arrow'), '')
    const row = { recommendations: join(folder, 'lsits.arrow'), name: 'theirs' }
    const config = join(folder, 'mine.json')
    writeFileSync(config, JSON.stringify({ name: 'mine', dataset: 'synthetic', world: 'tiny', systems: [row] }))
    const { errors } = await printed(['run', config, '--out', join(folder, 'out')])
    expect(errors).toMatch(/lsits\.arrow.*Did you mean .*[\\/]lists\.arrow\?/s)
  })

  it('counts the fits of a configuration alike in list and in a plan', async () => {
    const { output } = await printed(['list', '--out', temporary()])
    const jobs = cutStudy(await loadStudy('full'), {}).map((job) => ({ ...job, path: temporary() }))
    const [, fits] = planText('full', jobs).match(/experiments, (\d+) fits/) ?? []
    expect(output).toMatch(new RegExp(`full +${fits} fits`))
  })

  it.each([
    ['a file without a needed column', { 'interactions.csv': 'user,thing\na,b\n' }, /item/],
    ['an empty file', { 'interactions.csv': '' }, /empty/i],
    [
      'a truncated file',
      { 'interactions.csv.gz': gzipSync(`user,item,timestamp\n${ratings.join('\n')}`).subarray(0, 400) },
      /truncated|whole/i,
    ],
  ])('refuses %s and leaves nothing', async (_, files, message) => {
    const { code, errors, out } = await popularityOn(dataset(files))
    expect(errors).toMatch(message)
    expect(code).toBe(1)
    expect(readdirSync(out)).toEqual([])
  })

  it('runs on a folder of the user, and skips and counts who has one interaction', async () => {
    const text = `user,item,timestamp\n${[...ratings, 'lonely,i1,1400000000'].join('\n')}\n`
    const data = dataset({ 'interactions.csv': text })
    const { code, output, errors } = await popularityOn(data)
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(output).toMatch(/61 users, 30 items/)
    expect(output).toMatch(/1 users? (with|have)/)
    expect(output.match(/The catalogue has 30 items: lists are that long instead of 100/g)).toHaveLength(1)
  })
})
